import { expect, it } from 'vitest'
import { aChecklist, aPack, FakeVisit, fakePhone, INSP, ME } from '../testing/fakeVisit'
import { openVisit } from './useVisit'

async function opened() {
  const visit = new FakeVisit(aPack([aChecklist([])]))
  const open = await openVisit(fakePhone(visit).session, INSP)
  if (open === undefined) throw new Error('the fake visit did not open')
  return { visit, open }
}

it('the record is folded again only when something came', async () => {
  const { visit, open } = await opened()
  const before = open.state.value
  await open.refresh()
  expect(open.state.value).toBe(before)
  await visit.write(ME, 'note.add', { text: '一' })
  await open.refresh()
  expect(open.state.value.notes).toHaveLength(1)
})

it('whoever asks while the record is being folded waits for the same reading', async () => {
  const { visit, open } = await opened()
  await visit.write(ME, 'note.add', { text: '一' })
  const first = open.refresh()
  await open.refresh()
  const read = open.state.value
  expect(read.notes).toHaveLength(1)
  await first
  expect(open.state.value).toBe(read)
})

it('an older reading never replaces a newer one', async () => {
  const { visit, open } = await opened()
  await visit.write(ME, 'note.add', { text: '一' })
  const older = open.refresh()
  await visit.write(ME, 'note.add', { text: '二' })
  await Promise.all([open.refresh(), older])
  expect(open.state.value.notes).toHaveLength(2)
})
