import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dayEndMs, dayStartMs, localDate, zhDate, zhMinute } from './moments'
import { check } from './uscc'
import { isDate, loadCalendar, plusDays } from './workdays'

const json = (path: string) => JSON.parse(readFileSync(`${import.meta.dirname}/../../../${path}`, 'utf8'))
const data = json('checklists/calendars/cn.json')
const v = json('tests/vectors/workdays.json')
const codes = json('tests/vectors/uscc.json')
const cn = loadCalendar(data)
interface Row { readonly from: string; readonly n: number; readonly due: string; readonly provisional: boolean }
interface Code { readonly text: string; readonly code: string; readonly why: string }

describe('time limits', () => {
  it.each(v.add as Row[])('$from + $n', (row) => {
    expect(cn.addWorkdays(row.from, row.n)).toEqual({ dueOn: row.due, provisional: row.provisional })
  })

  it('counts the working days of each year', () => {
    for (const [year, count] of Object.entries(v.count))
      expect(cn.workdaysBetween(`${Number(year) - 1}-12-31`, `${year}-12-31`)).toBe(count)
    expect(cn.workdaysBetween('2026-12-31', '2025-12-31')).toBe(-v.count['2026'])
  })

  it("lets an agency's own days win", () => {
    const own = loadCalendar(data, v.local.days)
    for (const row of v.local.add as Row[])
      expect(own.addWorkdays(row.from, row.n)).toEqual({ dueOn: row.due, provisional: row.provisional })
  })

  it.each(v.refused as Row[])('refuses $from + $n', (row) => {
    expect(() => cn.addWorkdays(row.from, row.n)).toThrow(RangeError)
  })

  it('counts back what it added, from every day of a year', () => {
    for (let day = '2026-06-01'; day < '2027-06-01'; day = plusDays(day, 1)) {
      const { dueOn, provisional } = cn.addWorkdays(day, 7)
      expect(cn.workdaysBetween(day, dueOn)).toBe(7)
      expect(cn.isWorkday(dueOn)).toBe(true)
      expect(provisional).toBe(dueOn >= '2027')
      expect(cn.nextWorkday(dueOn)).toBe(dueOn)
    }
  })

  it('does not load a contradictory year', () => {
    for (const [off, makeup] of [[['2026-01-01'], []], [[], ['2027-01-04']], [['2027-01-02'], ['2027-01-02']], [['2027-02-29'], []]])
      expect(() => loadCalendar({ version: 'x', years: { '2027': { off: off ?? [], makeup: makeup ?? [] } } })).toThrow(RangeError)
  })

  it('knows which dates exist', () => {
    expect(['2024-02-29', '2026-12-31'].every(isDate)).toBe(true)
    expect(['2026-02-29', '2026-13-01', '2026-1-1', '', '0000-01-01', '2026-01-01T00:00', '2026-01-01\n'].some(isDate)).toBe(false)
  })
})

describe('moments', () => {
  it('takes the date of law from China, whatever zone the phone is in', () => {
    const end = Date.UTC(2026, 8, 24, 16)
    expect([localDate(end - 1), localDate(end)]).toEqual(['2026-09-24', '2026-09-25'])
    expect([dayEndMs('2026-09-24'), dayStartMs('2026-09-25')]).toEqual([end, end])
    expect(zhMinute(Date.UTC(2026, 8, 24, 1, 5))).toBe('2026年9月24日 9时05分')
    expect(zhDate('2026-01-02')).toBe('2026年1月2日')
    expect(() => dayStartMs('soon')).toThrow(RangeError)
  })
})

describe('the credit code', () => {
  it.each(codes.good as Code[])('is accepted: $why', ({ text, code }) => {
    expect(check(text)).toEqual({ ok: true, code, reason: '', warning: '' })
  })
  it.each(codes.bad as Code[])('is refused: $why', ({ text }) => {
    expect(check(text)).toMatchObject({ ok: false, reason: expect.stringMatching(/./) })
  })
  it.each(codes.warned as Code[])('is doubtful: $why', ({ text }) => {
    expect(check(text)).toMatchObject({ ok: true, warning: expect.stringMatching(/./) })
  })
})
