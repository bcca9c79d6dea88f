/**
 * An inspector whose phone keeps dying: looks at the screen, does the next thing it asks for, and notes what the screen
 * has shown as saved. Whatever is noted must never be asked for again.
 */
import { expect, type Locator, test } from '@playwright/test'
import { touch } from './finger'
import type { Phone } from './phone'
import type { Plan } from './plan'
import { Visit } from './visit'

export interface Ledger {
  /** What was shown as saved, by a name that says what it was. */
  readonly saved: string[]
  /** Verdict shown at an item. */
  readonly verdicts: Record<string, 'pass' | 'fail' | 'neutral'>
  /** Where the person was; and where the last tap was leading. */
  place: string
  heading: string
}

export class Untiring extends Visit {
  ledger: Ledger = { saved: [], verdicts: {}, place: '', heading: '' }

  constructor(phone: Phone, plan: Plan) {
    super(phone, plan)
  }

  /** One thing the screen asks for; false when the visit is sealed. */
  async once(): Promise<boolean> {
    return this.ledger.saved.includes('seal') ? false : test.step('the next thing', () => this.next())
  }

  private async next(): Promise<boolean> {
    const step = await this.stands()
    this.ledger.place = this.ledger.heading = step
    const [id, checklist] = step.split('~') as [string, string | undefined]
    const does: Readonly<Record<string, () => Promise<void>>> = {
      recusal: () => this.eachOf('no-interest-', 'recusal'),
      arrive: () => this.atTheDoor(),
      recorder: () => this.go(),
      credentials: () => this.credentialsOnce(),
      notice: () => this.noticeOnce(),
      told: () => this.eachOf('told-', 'told'),
      unit: () => this.go(),
      checklist: () => this.item(checklist ?? ''),
      evidence: () => this.scene(),
      record: () => this.recordOnce(),
      attest: () => this.attestOnce(),
      party: () => this.partyOnce(),
      leave: () => this.leaveOnce(),
    }
    const act = does[id]
    if (act === undefined) throw new Error(`nobody knows how to do the step “${step}”`)
    await act()
    return !this.ledger.saved.includes('seal')
  }

  /** Notes what the screen now shows as saved; asking for it twice means that it was lost. */
  private async does(what: string, act: () => Promise<void>): Promise<void> {
    expect(this.ledger.saved, `${what} was shown as saved and is asked for again`).not.toContain(what)
    await act()
    this.ledger.saved.push(what)
  }

  /** To the next step: saved nothing, so the old place and the new one are both right from the tap on. */
  private async go(test = 'next'): Promise<void> {
    const from = this.step()
    this.ledger.heading = '*'
    await this.phone.tap(test)
    await expect.poll(() => this.step()).not.toBe(from)
    this.ledger.place = this.step()
    this.ledger.heading = this.ledger.place
  }

  private async eachOf(prefix: string, name: string): Promise<void> {
    const first = this.phone.page.locator(`[data-test^="${prefix}"]`).first()
    if (!(await first.isVisible())) return this.go()
    const test = (await first.getAttribute('data-test')) ?? ''
    await this.does(`${name} ${test}`, async () => {
      await touch(first)
      await expect(this.phone.on(test)).toHaveCount(0)
    })
  }

  private async atTheDoor(): Promise<void> {
    const { phone } = this
    if (await phone.on('arrive').isVisible())
      return this.does('arrival', async () => {
        await phone.tap('arrive')
        await phone.on('photos-door').waitFor()
      })
    if ((await phone.on('photos-door').getAttribute('data-count')) === '0') return this.does('door photo', () => this.photograph(phone.on('photos-door')))
    return this.go()
  }

  private async credentialsOnce(): Promise<void> {
    const { phone, plan } = this
    if (!(await phone.on('show-credentials').isVisible())) return this.go()
    for (const holder of plan.team) await phone.on(`present-${holder.id}`).check()
    await this.does('credentials', () => this.go('show-credentials'))
  }

  private async noticeOnce(): Promise<void> {
    const { phone, plan } = this
    if (!(await phone.on('notice-save').isVisible())) return this.go()
    await phone.on('receiver').fill(plan.receiver)
    await phone.sign(phone.on('signature'))
    await this.does('notice', () => this.go('notice-save'))
  }

  private async item(checklist: string): Promise<void> {
    const { phone } = this
    // The rows are drawn in slices; what is still open is looked for in all of them.
    await phone.on('progress').waitFor()
    const left = phone.page.locator('article.row[data-state="open"], article.row[data-state="lacking"]').first()
    const all = Number((await phone.on('progress').innerText()).match(/\/(\d+)/)?.[1])
    await expect.poll(() => phone.page.locator('article.row:not([data-state="elsewhere"])').count()).toBe(all)
    if ((await left.count()) === 0) return this.go()
    const name = (await left.getAttribute('data-test')) ?? ''
    const row = phone.on(name)
    if ((await row.getAttribute('data-state')) === 'lacking') return this.complete(name, row)
    const failing = row.locator('label.fail')
    const verdict = !Object.values(this.ledger.verdicts).includes('fail') && (await failing.count()) > 0 ? 'fail' : 'pass'
    await this.does(`answer ${checklist} ${name}`, async () => {
      if (verdict === 'fail') await touch(failing.first())
      else await this.comply(row)
      await expect(row).not.toHaveAttribute('data-state', 'open')
    })
    this.ledger.verdicts[name] = (await row.locator('label.on').first().getAttribute('class'))?.match(/pass|fail|neutral/)?.[0] as 'pass'
  }

  /** What a 不符合 or a demanded photo still lacks. */
  private async complete(name: string, row: Locator): Promise<void> {
    const { phone, plan } = this
    const more = phone.on(`${name}-more`)
    if ((await more.getAttribute('aria-expanded')) === 'false') await touch(more)
    if (await row.getByText('缺少部位').isVisible())
      return this.does(`part ${name}`, async () => {
        await phone.on(`${name}-part`).fill(plan.finding.part)
        await phone.on(`${name}-part`).blur()
        await expect(row.getByText('缺少部位')).toHaveCount(0)
      })
    if (await row.getByText('缺少具体问题').isVisible())
      return this.does(`note ${name}`, async () => {
        await phone.on(`${name}-note`).fill(plan.finding.note)
        await phone.on(`${name}-note`).blur()
        await expect(row.getByText('缺少具体问题')).toHaveCount(0)
      })
    return this.does(`photo ${name}`, () => this.photograph(row.locator('[data-test="photos-item"]')))
  }

  private async scene(): Promise<void> {
    const place = this.phone.on('photos-general')
    const taken = Number(await place.getAttribute('data-count'))
    if (taken >= this.plan.photos) return this.go()
    return this.does(`photo ${taken + 1} of the scene`, () => this.photograph(place))
  }

  private async recordOnce(): Promise<void> {
    const { phone } = this
    if (!(await phone.on('record-text').innerText()).includes('无异议'))
      return this.does('statement', async () => {
        await phone.on('statement').fill('无异议')
        await phone.tap('statement-save')
        await expect(phone.on('record-text')).toContainText('无异议')
      })
    return this.go('read-through')
  }

  private async attestOnce(): Promise<void> {
    const { phone, plan } = this
    const [first, second] = plan.team
    if (await phone.on('attest-mine').isVisible())
      return this.does('first attestation', async () => {
        await phone.tap('attest-mine')
        await expect(phone.on(`attest-card-${first.id}`)).toContainText('已核验')
      })
    if (await phone.on('attest-second').isVisible())
      return this.does('second attestation', async () => {
        await phone.tap('attest-second')
        await phone.typePin(second.pin)
        await expect(phone.on(`attest-card-${second.id}`)).toContainText('已核验')
      })
    return this.go()
  }

  private async partyOnce(): Promise<void> {
    const { phone, plan } = this
    if (!(await phone.on('party-save').isVisible())) return this.go()
    await this.does('party', async () => {
      await phone.on('party-name').fill(plan.party)
      await phone.sign(phone.on('signature'))
      await phone.tap('party-save')
      await phone.on('record-code').waitFor()
    })
  }

  private async leaveOnce(): Promise<void> {
    // The seal may have been kept in the moment of the cut, before the screen could say so.
    if (await this.phone.on('seal').isVisible()) return this.does('seal', () => this.seal())
    await this.phone.on('sealed').waitFor()
    this.ledger.saved.push('seal')
  }
}
