/**
 * A whole visit as an inspector does it: the app says which step comes next, this answers it. Nothing here knows an
 * agency; what differs between agencies stands in their profiles, and in what a scenario asks for.
 */
import { expect, type Locator, test } from '@playwright/test'
import { touch } from './finger'
import type { Phone } from './phone'
import type { Finding, Plan } from './plan'

/** A screen comes within a tenth of a second; the usual second between two looks would be most of a scenario. */
const SOON = { intervals: [20, 50, 100, 250] }

/** What an answer asks to be typed. */
const FIELDS = 'input[data-test*="-field-"], input[data-test$="-asked"], input[data-test$="-correct"], textarea[data-test$="-text"]'

/** What a row of a checklist offers. */
interface Asks {
  readonly name: string
  readonly open: boolean
  readonly failing: boolean
  readonly fields: boolean
  readonly good: boolean
  /** Radio targets that are not the pairs of a count. */
  readonly radios: boolean
  readonly boxes: boolean
}

/** Runs in the page: all rows in one go, because a sheet has sixty of them. */
function whatTheyAsk(rows: Element[]): Asks[] {
  return rows.map((row) => {
    const has = (selector: string): boolean => row.querySelector(selector) !== null
    return {
      name: row.getAttribute('data-test') ?? '',
      open: row.getAttribute('data-state') === 'open',
      failing: has('label.fail'),
      fields: has('.answer input:not([type="radio"], [type="checkbox"]), .answer textarea'),
      good: has('.answer label.pass, .answer label.neutral'),
      radios: has('.answer input[type="radio"]') && !has('.pair'),
      boxes: has('.answer input[type="checkbox"]'),
    }
  })
}

export class Visit {
  /** What was found not to comply, as it was typed. */
  readonly findings: Finding[] = []
  photos = 0
  recordCode = ''

  constructor(
    readonly phone: Phone,
    readonly plan: Plan,
  ) {}

  /** The step the screen shows, from the address: `checklist~CL-YS-1`. */
  step(): string {
    return decodeURIComponent(/#\/visit\/[^/?]+(?:\/([^?]+))?/.exec(this.phone.page.url())?.[1] ?? '')
  }

  /** Waits until the step of the address stands on the screen: after a tap and after a start the address is there first. */
  async stands(): Promise<string> {
    await expect.poll(() => this.step(), SOON).not.toBe('')
    await expect.poll(() => this.phone.page.locator('[data-step]').getAttribute('data-step'), SOON).toBe(this.step())
    await this.phone.page.locator('main.sj-page').waitFor()
    return this.step()
  }

  /** The inspection on the screen. */
  insp(): string {
    return /#\/visit\/([^/?]+)/.exec(this.phone.page.url())?.[1] ?? ''
  }

  /** The overview with all steps. */
  async overview(): Promise<void> {
    await touch(this.phone.page.getByRole('button', { name: '返回' }))
    await this.phone.on('next-step').waitFor()
  }

  async begin(unit: string): Promise<void> {
    const { phone } = this
    const row = phone.page.locator('button.row', { hasText: unit })
    await expect(row).toContainText('准备好了')
    await touch(row)
    await phone.on('begin').waitFor()
    await this.plan.look?.('begin')
    await phone.tap('begin')
    // The first step opens by itself; a tap before it has come would still belong to the overview.
    await expect.poll(() => phone.page.url(), SOON).toMatch(/#\/visit\/[^/]+\/[^/]+/)
  }

  /** Walks on until `last` stands on the screen (not done), at most through every step once. */
  async walkTo(last: string): Promise<void> {
    for (let guard = 0; guard < 40; guard += 1) {
      const step = await this.stands()
      await this.plan.look?.(step)
      if (step.split('~')[0] === last) return
      await this.act(step)
      await expect.poll(() => this.step(), { ...SOON, message: `left the step ${step}` }).not.toBe(step)
    }
    throw new Error(`the step ${last} never came`)
  }

  /** Does one step and goes on to the next. */
  async act(step: string): Promise<void> {
    const [id, checklist] = step.split('~') as [string, string | undefined]
    const does: Readonly<Record<string, () => Promise<void>>> = {
      recusal: () => this.recusal(),
      arrive: () => this.arrive(),
      recorder: () => this.recorder(),
      credentials: () => this.credentials(),
      notice: () => this.notice(),
      told: () => this.told(),
      unit: () => this.phone.tap('next'),
      checklist: () => this.checklist(checklist ?? ''),
      evidence: () => this.evidence(),
      record: () => this.record(),
      attest: () => this.attest(),
      party: () => this.party(),
      leave: () => this.leave(),
      opinion: () => this.opinion(),
    }
    const act = does[id]
    if (act === undefined) throw new Error(`nobody knows how to do the step ${step}`)
    // Named in the report; and what stands in no step makes the runner look through all that was done before.
    await test.step(step, act)
  }

  private async recusal(): Promise<void> {
    for (const holder of this.plan.team) {
      await this.phone.tap(`no-interest-${holder.id}`)
      // The card shrinks when it is kept, and the next one moves under the thumb.
      await expect(this.phone.on(`no-interest-${holder.id}`)).toHaveCount(0)
    }
    await this.phone.tap('next')
  }

  private async arrive(): Promise<void> {
    await this.phone.tap('arrive')
    if (this.plan.door !== false) await this.photograph(this.phone.on('photos-door'))
    await this.phone.tap('next')
  }

  private async recorder(): Promise<void> {
    const { phone, plan } = this
    if (plan.recorder !== undefined) {
      await phone.on('device-no').fill(plan.recorder)
      await phone.on('clock-checked').check()
      await phone.tap('rec-start')
      await phone.tap('spoken')
      await expect(phone.on('spoken')).toHaveCount(0)
    }
    await phone.tap('next')
  }

  private async credentials(): Promise<void> {
    for (const holder of this.plan.team) {
      await expect(this.phone.on('show-credentials')).toBeDisabled()
      await this.phone.on(`present-${holder.id}`).check()
    }
    await this.phone.tap('show-credentials')
  }

  private async notice(): Promise<void> {
    const { phone, plan } = this
    await phone.on('receiver').fill(plan.receiver)
    await phone.sign(phone.on('signature'))
    await phone.tap('notice-save')
  }

  private async told(): Promise<void> {
    const buttons = this.phone.page.locator('[data-test^="told-"]')
    for (let left = await buttons.count(); left > 0; left -= 1) {
      await touch(buttons.first())
      await expect(buttons).toHaveCount(left - 1)
    }
    await this.phone.tap('next')
  }

  /** Everything of one sheet, then what the scenario adds, then on. */
  private async checklist(checklist: string): Promise<void> {
    await this.answerAll()
    await this.plan.extra?.(checklist, this)
    await this.phone.tap('next')
  }

  /** The rows of the sheet on the screen once all are there: they are drawn in slices, and the bar says how many there will be. */
  private async drawn(): Promise<{ rows: Locator; all: number }> {
    const rows = this.phone.page.locator('article.row')
    await rows.first().waitFor()
    const progress = (await this.phone.on('progress').innerText()).match(/(\d+)\/(\d+)/)
    const all = Number(progress?.[2] ?? 0)
    await expect.poll(async () => (await rows.count()) - (await this.phone.page.locator('article.row[data-state="elsewhere"]').count()), SOON).toBe(all)
    return { rows, all }
  }

  /** From elsewhere to an item in the middle and to the last one, as the link of a need leads there and the start after a power cut. */
  async comesToAnyItem(): Promise<void> {
    const names = (await (await this.drawn()).rows.evaluateAll(whatTheyAsk)).map(({ name }) => name)
    for (const name of [names[Math.floor(names.length / 2)]!, names.at(-1)!]) {
      const place = `#/visit/${this.insp()}/${this.step()}?item=${name.replace('item-', '')}`
      await this.overview()
      await this.phone.page.evaluate((to) => location.assign(to), place)
      await expect(this.phone.on(name)).toBeFocused()
      await expect(this.phone.on(name)).toBeInViewport({ ratio: 1 })
    }
  }

  async answerAll(): Promise<void> {
    const { rows, all } = await this.drawn()
    for (const asks of (await rows.evaluateAll(whatTheyAsk)).filter(({ open }) => open)) await this.answer(asks)
    await expect(this.phone.page.locator('article.row[data-state="lacking"]')).toHaveCount(0)
    await expect(this.phone.on('progress')).toContainText(`${all}/${all}`)
  }

  private async answer(asks: Asks): Promise<void> {
    const row = this.phone.on(asks.name)
    if (this.findings.length === 0 && asks.failing) await this.fail(row, asks)
    else await this.comply(row, asks)
    if ((await row.innerText()).includes('缺少现场照片')) await this.photograph(row.locator('[data-test="photos-item"]'))
  }

  protected async comply(row: Locator, asks?: Asks): Promise<void> {
    const { name, fields, good, radios, boxes } = asks ?? (await row.evaluateAll(whatTheyAsk))[0]!
    if (fields) await this.fields(row.locator('.answer'))
    // A quiz decides by itself; everything else has a target to tap.
    if (good) await touch(row.locator('.answer label.pass, .answer label.neutral').first())
    else if (radios) await touch(row.locator('.answer label.na').first())
    await this.confirm(name, row, boxes)
  }

  /** Several choices may be meant together: only there the app waits for 确定. */
  private async confirm(name: string, row: Locator, boxes: boolean): Promise<void> {
    if (boxes) await this.phone.tap(`${name}-ok`)
    await expect(row).not.toHaveAttribute('data-state', 'open')
  }

  /** The answer's own inputs, by what they ask for. */
  private async fields(answer: Locator): Promise<void> {
    for (const input of await answer.locator(FIELDS).all()) {
      const name = (await input.getAttribute('data-test')) ?? ''
      const date = (await input.getAttribute('type')) === 'date'
      await input.fill(name.endsWith('-text') ? '现场核对一致' : date ? '2026-03-02' : '3')
      await input.blur()
    }
  }

  private async fail(row: Locator, { name, boxes }: Asks): Promise<void> {
    const { part, note } = this.plan.finding
    await touch(row.locator('label.fail').first())
    await this.confirm(name, row, boxes)
    await expect(row).toHaveAttribute('data-state', 'lacking')
    await this.phone.on(`${name}-part`).fill(part)
    await this.phone.on(`${name}-note`).fill(note)
    await this.phone.tap(`${name}-fixed-no`)
    await expect(row.getByText('缺少具体问题')).toHaveCount(0)
    const text = ((await row.getAttribute('aria-label')) ?? '').replace(/\s+/g, '')
    this.findings.push({ item: name.replace('item-', ''), part, note, text })
  }

  /** One sample of the sheet on the screen. */
  async sample(product: string, seal: string): Promise<void> {
    const { phone } = this
    const saved = await phone.on('sample-done').count()
    await phone.on('sample-product').fill(product)
    await phone.on('sample-quantity').fill('2 具')
    await phone.on('sample-seal-no').fill(seal)
    await phone.on('sample-party-name').fill(this.plan.party)
    await phone.tap('sample-save')
    await expect(phone.on('sample-done')).toHaveCount(saved === 0 ? 1 : saved)
  }

  /** Opens the in-app camera in `place`, takes one photo and comes back. */
  async photograph(place: Locator): Promise<void> {
    const { phone } = this
    const before = Number(await place.getAttribute('data-count'))
    phone.turn()
    await touch(place.locator('[data-test="photo-take"]'))
    await phone.on('camera-count').filter({ hasText: '对准' }).waitFor()
    await phone.tap('shutter')
    await expect(phone.on('camera-count')).toContainText('已存手机 1 张')
    await phone.tap('camera-close')
    await expect(place).toHaveAttribute('data-count', String(before + 1))
    this.photos += 1
  }

  private async evidence(): Promise<void> {
    const place = this.phone.on('photos-general')
    for (let n = 0; n < this.plan.photos; n += 1) await this.photograph(place)
    await this.phone.tap('next')
  }

  private async record(): Promise<void> {
    const { phone } = this
    await phone.on('statement').fill('无异议')
    await phone.tap('statement-save')
    await expect(phone.on('record-text')).toContainText('无异议')
    await phone.tap('read-through')
  }

  async attest(): Promise<void> {
    const { phone, plan } = this
    const [first, second] = plan.team
    await phone.tap('attest-mine')
    await expect(phone.on(`attest-card-${first.id}`)).toContainText('已核验')
    if (plan.second !== 'elsewhere') {
      await phone.tap('attest-second')
      await phone.typePin(second.pin)
      await expect(phone.on(`attest-card-${second.id}`)).toContainText('已核验')
    }
    await phone.tap('next')
  }

  private async party(): Promise<void> {
    const { phone, plan } = this
    await phone.on('party-name').fill(plan.party)
    await phone.sign(phone.on('signature'))
    await phone.tap('party-save')
    await phone.on('record-code').waitFor()
    this.recordCode = (await phone.on('record-code').innerText()).replace(/\s/g, '')
    await phone.tap('next')
  }

  /** Recorder off and seal; stays on the step. */
  async seal(): Promise<void> {
    const { phone } = this
    if (this.plan.recorder !== undefined) await phone.tap('rec-stop')
    await phone.tap('seal')
    await phone.on('sealed').waitFor()
  }

  private async leave(): Promise<void> {
    await this.seal()
    await this.phone.tap('to-opinion')
  }

  async opinion(): Promise<void> {
    const { phone } = this
    await phone.on('opinion-evaluation').fill('管理制度基本健全，日常管理较规范。')
    await phone.on('opinion-handling').fill('责令限期改正，到期复查。')
    await phone.on('opinion-advice').fill('加强日常巡查。')
    await phone.tap('opinion-save')
    await phone.on('opinion-kept').waitFor()
  }
}
