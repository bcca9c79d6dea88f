/**
 * A real server for a scenario: its own data directory, gunicorn and the job worker as processes that
 * can be stopped or killed. The demo is loaded once per run, before the first scenario (`demo.ts`), and copied,
 * because loading takes seconds and copying does not.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Running, running, Standby } from './standby'

const ROOT = resolve(__dirname, '../..')
const PYTHON = process.env['SUIJIAN_PYTHON'] ?? join(ROOT, '.venv/bin/python')
export const PASSWORD = 'Suijian-2026'

/** Where `demo.ts` says that the loaded demo lies; the workers that run the scenarios inherit it. */
export const TEMPLATE = 'SUIJIAN_DEMO_TEMPLATE'
/** Where `demo.ts` says that the scenarios note which screens have been looked at. */
export const LOOKED_AT = 'SUIJIAN_LOOKED_AT'
/** Where `demo.ts` says that the films of the fake camera lie. */
export const FILMS = 'SUIJIAN_FILMS'

export interface OfficeOptions {
  /** Seconds by which the server's clock differs from the real one; see program.py. */
  readonly shift?: number
  /** Each process by its own command, as an operator starts it, and not from the one that has read the program already. */
  readonly byCommand?: boolean
}

let standby: Standby | undefined

function ready(): Standby {
  standby ??= new Standby(PYTHON, ROOT, environment('', 0))
  return standby
}

function environment(data: string, port: number, shift = 0): NodeJS.ProcessEnv {
  return {
    ...process.env,
    SUIJIAN_TEST_SHIFT_S: String(shift),
    PYTHONPATH: ROOT,
    PYTHONUTF8: '1',
    SUIJIAN_DATA: data,
    SUIJIAN_BIND: `127.0.0.1:${port}`,
    SUIJIAN_PUBLIC_URL: `http://127.0.0.1:${port}`,
    SUIJIAN_DATABASE_URL: '',
  }
}

/** Runs one of the Python programs beside this file and answers what it printed. */
export function run(file: string, ...args: string[]): string {
  return execFileSync(PYTHON, [join(ROOT, 'tests/browser', file), ...args], { cwd: ROOT, env: environment('', 0), encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 50_000_000 })
}

/** The five demo agencies in this empty data directory. */
export async function loadDemo(data: string): Promise<void> {
  const loading = running(spawn(PYTHON, ['-m', 'tests.browser.program', 'demo'], { cwd: ROOT, env: environment(data, 0), stdio: ['ignore', 'ignore', 'inherit'] }))
  const status = await loading.ended
  if (status !== 0) throw new Error(`the demo was not loaded: ${status}`)
}

function prepared(name: string): string {
  const made = process.env[name]
  if (made === undefined) throw new Error(`${name} is not set: globalSetup of the configuration does it`)
  return made
}

export const lookedAt = (): string => prepared(LOOKED_AT)
export const films = (): string => prepared(FILMS)

/** A port below the range the system hands out by itself, so that it is still free at a restart. */
async function freePort(): Promise<number> {
  for (let port = 21000 + (process.pid % 5000); port < 32000; port += 1) {
    const free = await new Promise<boolean>((answer) => {
      const probe = createServer()
      probe.once('error', () => answer(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => answer(true)))
    })
    if (free) return port
  }
  throw new Error('no free port')
}

export class Office {
  private processes: Running[] = []

  private constructor(
    readonly data: string,
    readonly port: number,
    private readonly shift: number,
    private readonly byCommand: boolean,
  ) {}

  /** A new office with the demo loaded and the server running. */
  static async open({ shift = 0, byCommand = false }: OfficeOptions = {}): Promise<Office> {
    const data = mkdtempSync(join(tmpdir(), 'suijian-office-'))
    cpSync(prepared(TEMPLATE), data, { recursive: true })
    const office = new Office(data, await freePort(), shift, byCommand)
    await office.start()
    return office
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Does nothing when it runs already. */
  async start(): Promise<void> {
    if (this.processes.length > 0) return
    mkdirSync(join(this.data, 'logs'), { recursive: true })
    const env = environment(this.data, this.port, this.shift)
    const log = join(this.data, 'logs', 'scenario.log')
    const config = join(ROOT, 'server/app/gunicorn_conf.py')
    const commands = [
      ['gunicorn', '--config', config, '--no-control-socket', this.byCommand ? 'server.app.wsgi:app' : 'tests.browser.program:app'],
      this.byCommand ? ['server.app.worker'] : ['tests.browser.program', 'worker'],
    ]
    if (this.byCommand) {
      const file = openSync(log, 'a')
      // A group of its own: killing the group takes the workers with the arbiter.
      this.processes = commands.map((argv) => running(spawn(PYTHON, ['-m', ...argv], { cwd: ROOT, env, stdio: ['ignore', file, file], detached: true })))
    } else {
      this.processes = await Promise.all(commands.map((argv) => ready().start({ argv, env, log })))
    }
    await this.healthy()
  }

  private async healthy(): Promise<void> {
    const until = Date.now() + 60_000
    while (Date.now() < until) {
      if (this.processes.some((each) => !each.alive())) break
      const answer = await fetch(`${this.url}/api/v1/health`).catch(() => undefined)
      if (answer?.ok === true) return
      await new Promise((tick) => setTimeout(tick, 200))
    }
    throw new Error(`the server did not start: see ${this.data}/logs/scenario.log`)
  }

  /** End the server as an operator would; requests under way are finished. */
  async stop(): Promise<void> {
    await this.end('SIGTERM')
  }

  /** End it as a power cut would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (const { pid, alive } of this.processes) {
      // SIGTERM goes to the arbiter, which tells its workers; SIGKILL must reach the whole group.
      if (alive()) process.kill(signal === 'SIGKILL' ? -pid : pid, signal)
    }
    await Promise.all(this.processes.map(({ ended }) => ended))
    this.processes = []
  }

  /** What somebody with the machine in hand can do without the program: keep a copy of the database … */
  copyDatabase(): string {
    const copy = join(this.data, 'kept.sqlite3')
    run('copy_database.py', join(this.data, 'suijian.sqlite3'), copy)
    return copy
  }

  /** … and put it back later, telling nobody. No `restore`: the log is simply shorter. */
  async putBack(copy: string): Promise<void> {
    await this.stop()
    run('copy_database.py', copy, join(this.data, 'suijian.sqlite3'))
    await this.start()
  }

  /** `./manage.py cli …` against this office. */
  async cli(...args: string[]): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'suijian-cli-'))
    const [out, log] = [join(folder, 'out'), join(folder, 'log')]
    const command = await ready().start({ argv: ['server.app.cli', ...args], env: environment(this.data, 0), log, out })
    const status = await command.ended
    const [printed, complained] = [out, log].map((file) => readFileSync(file, 'utf8')) as [string, string]
    rmSync(folder, { recursive: true })
    if (status !== 0) throw new Error(`cli ${args.join(' ')}: ${status}\n${printed}${complained}`)
    return printed
  }

  async close(): Promise<void> {
    // Nothing of it is kept: the two seconds that open connections are given would be waited for in vain.
    await this.kill()
    rmSync(this.data, { recursive: true, force: true })
  }
}
