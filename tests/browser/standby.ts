/** Python processes forked from one that has read the program already (tests/standby.py); one such per process of the runner. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A process that may be ended or killed by its number, whoever started it. */
export interface Running {
  readonly pid: number
  /** Comes when the process is gone, with its exit status (not 0: it failed or was killed). */
  readonly ended: Promise<number>
  readonly alive: () => boolean
}
interface Order {
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly log: string
  /** Where it prints to; the log when absent. */
  readonly out?: string
}
type Answer = { readonly id: string; readonly pid: number } | { readonly id: string; readonly ended: number }

export function running(child: ChildProcess): Running {
  if (child.pid === undefined) throw new Error('the process did not start')
  const alive = (): boolean => child.exitCode === null && child.signalCode === null
  return { pid: child.pid, alive, ended: alive() ? once(child, 'exit').then(([code]) => (code as number | null) ?? -1) : Promise.resolve(child.exitCode ?? -1) }
}

export class Standby {
  private readonly child: ChildProcess
  private readonly heard = new Map<string, (answer: Answer) => void>()
  private readonly unanswered = new Map<string, (reason: Error) => void>()
  private orders = 0

  constructor(python: string, root: string, env: NodeJS.ProcessEnv) {
    this.child = spawn(python, ['-m', 'tests.standby'], { cwd: root, env, stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer
      this.heard.get(answer.id)?.(answer)
    })
    this.child.once('exit', () => {
      for (const fail of this.unanswered.values()) fail(new Error('the process that holds the program has ended: see its words above'))
    })
    // It ends with this process, and is no reason for it to go on.
    this.child.unref()
    for (const stream of [this.child.stdin, this.child.stdout]) (stream as unknown as { unref: () => void }).unref()
  }

  start(order: Order): Promise<Running> {
    const id = String((this.orders += 1))
    return new Promise((started, failed) => {
      let over = false
      let end: (status: number) => void = () => undefined
      const ended = new Promise<number>((done) => (end = done))
      this.unanswered.set(id, failed)
      this.heard.set(id, (answer) => {
        this.unanswered.delete(id)
        if ('pid' in answer) return started({ pid: answer.pid, ended, alive: () => !over })
        over = true
        this.heard.delete(id)
        end(answer.ended)
      })
      this.child.stdin!.write(`${JSON.stringify({ id, ...order })}\n`)
    })
  }
}
