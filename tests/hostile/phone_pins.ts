/**
 * The phone's half of row 30 of test_abuse_list.py: a person with unsent evidence, ten wrong PINs, the right one, and
 * the way back. Answers what happened and whether a single byte of the disk's evidence changed.
 */
import { Dice, MemoryDisk, Platter } from '../../pwa/src/device/testing/memory'
import { People } from '../../pwa/src/device/people'
import { makeKeys } from '../../pwa/src/device/signer'

const PIN = '135790'

async function main(): Promise<void> {
  const platter = new Platter()
  const people = new People(new MemoryDisk(platter), new Dice(7), 1_000)
  const installation = await people.installation(() => 'installation')
  const who = { dev: 'dev', user: 'u', name: '甲', agencyName: '机关', ...(await makeKeys()) }
  const { vault } = await people.add(who, PIN, installation)
  await vault.write([{ put: 'ev/-/000000000', value: { h: 'H', w: { h: '{}', s: '' } } }, { bytes: 'photo', data: new Uint8Array(3_000_000).fill(7) }])
  vault.close()
  const evidence = (): string => JSON.stringify([...platter.facts.values(), ...platter.bytes.values()].map(({ key, rev, data }) => [key, rev, Buffer.from(data).toString('base64')]))
  const before = evidence()
  const answers: string[] = []
  for (let i = 0; i < 10; i++) {
    const tried = await people.unlock('dev', String(200_001 + i), installation)
    answers.push(tried.ok ? 'opened' : tried.reason)
  }
  const right = await people.unlock('dev', PIN, installation)
  const untouched = evidence() === before
  await people.forgive('dev')
  const again = await people.unlock('dev', PIN, installation)
  const kept = again.ok ? await again.vault.get<{ h: string }>('ev/-/000000000') : undefined
  const photo = again.ok ? await again.vault.bytes('photo', 3_000_000) : undefined
  console.log(JSON.stringify({ answers, right: right.ok ? 'opened' : right.reason, untouched, kept: kept?.h, photo: photo?.length }))
}

void main()
