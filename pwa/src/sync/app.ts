/** The composition of the phone: opens the store, knows the people, enrols, unlocks. Screens start here. */
import { People, pinIsWeak, type Installation, type PersonRecord } from '../device/people'
import { browserPlatform, type Platform } from '../device/platform'
import { freshInstallation } from '../device/phone'
import { StoreLost } from '../device/disk'
import { refuse } from '../device/refusals'
import type { Result, SelfTest } from '../device/ports'
import { keys, type DeviceFact } from './facts'
import { FieldSession } from './fieldSession'
import { signInAs } from './login'
import { PIN_TRIES } from '../device/people'
import type { App, EnrolForm, EnrolReason, Person, RecoveryReason, RecoveryState, ReopenReason, Session, UnlockReason } from './session'
import { unlockRefusal } from './unlockTexts'

export { sha256, sha256Hex } from '../device/bytes'

export async function openApp(): Promise<App> {
  return appOn(await browserPlatform())
}

/** The same app on any platform: a test hands in its own. */
export async function appOn(platform: Platform): Promise<App> {
  const people = new People(platform.disk, platform.random, platform.pinIterations)
  const installation = await people.installation(() => freshInstallation(platform.random))
  return new FieldApp(platform, people, installation)
}

const UNKNOWN = { ok: false, reason: 'unknown_person', text: '本机没有这个人的登记。' } as const

class FieldApp implements App {
  private tested: SelfTest | undefined

  constructor(
    private readonly platform: Platform, private readonly peopleHere: People, private readonly place: Installation,
  ) {}

  get installation(): string {
    return this.place.id
  }

  async people(): Promise<readonly Person[]> {
    return (await this.peopleHere.list()).filter((one) => one.retired === undefined).map(({ dev, user, name, agencyName, wrong }) => ({
      dev, user, name, agencyName, locked: wrong >= PIN_TRIES, triesLeft: Math.max(0, PIN_TRIES - wrong),
    }))
  }

  async selfTest(): Promise<SelfTest> {
    this.tested = await this.platform.selfTest()
    return this.tested
  }

  async enrol(form: EnrolForm): Promise<Result<{ session: Session }, EnrolReason>> {
    if (pinIsWeak(form.pin)) {
      return { ok: false, reason: 'weak_pin', text: 'PIN 为 6–12 位数字，不能全部相同或连续（如 123456）。' }
    }
    const tested = this.tested ?? (await this.selfTest())
    if (!tested.strict_write || !tested.key_reread || !tested.evidence_allowed) {
      return { ok: false, reason: 'self_test', text: '本机自检没有通过，不能用于现场取证。请在系统浏览器中「添加到主屏幕」后从主屏幕打开再试。' }
    }
    const { enrolPerson } = await import('./enrol')
    const done = await enrolPerson(this.platform, this.peopleHere, this.place, form, tested)
    return done.ok ? { ok: true, session: await this.session(done.vault, done.person, done.device) } : done
  }

  async unlock(dev: string, pin: string): Promise<Result<{ session: Session }, UnlockReason>> {
    try {
      const opened = await this.peopleHere.unlock(dev, pin, this.place)
      if (!opened.ok) return unlockRefusal(opened.reason, opened.left)
      const device = await opened.vault.get<DeviceFact>(keys.device)
      // A kill in the middle of enrolling: nothing was ever recorded under it.
      if (device === undefined) return unlockRefusal('unknown_person', 0)
      return { ok: true, session: await this.session(opened.vault, opened.person, device) }
    } catch (error) {
      if (error instanceof StoreLost) return refuse('store_lost')
      throw error
    }
  }

  async unlockOnline(dev: string, login: string, password: string): Promise<Result<object, ReopenReason>> {
    const person = await this.peopleHere.find(dev)
    if (person === undefined) return UNKNOWN
    const done = await signInAs(this.platform, person, login, password)
    if (!done.ok) return done
    await this.peopleHere.forgive(dev)
    return { ok: true }
  }

  async askRecovery(dev: string, login: string, password: string): Promise<Result<{ check: string }, RecoveryReason>> {
    const { recovery, person } = await this.recovery(dev)
    return person === undefined ? UNKNOWN : recovery.ask(person, login, password)
  }

  async recoveryState(dev: string): Promise<RecoveryState> {
    const { recovery, person } = await this.recovery(dev)
    return person === undefined ? { word: 'none' } : recovery.state(person)
  }

  async resumeRecovery(dev: string, login: string, password: string): Promise<Result<object, ReopenReason>> {
    const { recovery, person } = await this.recovery(dev)
    return person === undefined ? UNKNOWN : recovery.resume(person, login, password)
  }

  async dropRecovery(dev: string): Promise<void> {
    await (await this.recovery(dev)).recovery.forget(dev)
  }

  async finishRecovery(dev: string, pin: string): Promise<Result<{ session: Session }, RecoveryReason>> {
    const { recovery, person } = await this.recovery(dev)
    if (person === undefined) return UNKNOWN
    const done = await recovery.finish(person, pin)
    return done.ok ? { ok: true, session: await this.session(done.vault, done.person, done.device) } : done
  }

  private async recovery(dev: string) {
    const [{ Recovery }, person] = await Promise.all([import('./recovery'), this.peopleHere.find(dev)])
    return { recovery: new Recovery(this.platform, this.peopleHere, this.place), person }
  }

  private async session(vault: FieldVault, person: PersonRecord, device: DeviceFact): Promise<Session> {
    const session = new FieldSession(this.platform, vault, person, device, this.peopleHere, this.place)
    await session.start()
    return session
  }
}

type FieldVault = ConstructorParameters<typeof FieldSession>[1]
