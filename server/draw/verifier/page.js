// The page: load or paste a transcript, see every step, and look up one unit by its opening.
import { H, b64, canon, form, text as spelt, un, utf } from './forms.js'
import { fingerprint, first, replay, why } from './replay.js'

// Everything with an id, in the order of page.html.
const [file, text, go, head, steps, rows, salt, unit, find, found] = document.querySelectorAll('[id]')
const row = (table, ...cells) => {
  const line = table.insertRow()
  for (const cell of cells) line.insertCell().textContent = cell
  return line
}
// What holds when a step is passed, and the codes that say it does not.
const STEPS = '格式,E_FORM;对象名录与公开的根一致,E_ROOT;人员名录与公开的根一致,E_PEOPLE;各方与公告一致,E_PARTIES;骰子至少二十位,E_DICE;随机数与承诺一致,E_COMMIT;种子,;权重在范围内,E_WEIGHT;配额,;抽取,E_OF E_GONE;与公布的结果一致,E_WANT'.split(';')
const WORDS = { visited_this_year: '今年已检查', max_visits: '已达次数上限', not_shared: '不在共同名录' }
let data
let want
const word = key => data.labels?.[key] ?? WORDS[key] ?? key
const counts = all => Object.entries(all ?? {}).map(([key, n]) => `${word(key)} ${n}`).join('，')
const uidOf = (own, id) => b64(H('uid', un(own) || form(), utf(id)).slice(0, 16))

const check = json => {
  let code = ''
  want = 0
  steps.replaceChildren()
  rows.replaceChildren()
  try {
    data = JSON.parse(json)
    // One spelling: no key twice, no 1.0, no 1e3, which a parser would quietly make good.
    if (json.replace(/("(\\.|[^"\\])*")|\s/g, (_, s) => s ? spelt(JSON.parse(s)) : '') !== spelt(data)) form()
    want = replay(data)
    if (data.want && canon(want) !== canon(data.want)) code = 'E_WANT'
  } catch (fault) { code = fault.at ? fault : 'E_FORM' }
  const said = want && { 6: want.seed, 8: counts(want.quotas), 9: `${want.selected.length} 家；未入池：${counts(want.excluded)}`, 10: `${data.want ? '' : '未附结果。'}哈希 ${fingerprint(data, want)}` }
  let mark = '✓'
  STEPS.map((step, i) => {
    const [name, codes] = step.split(',')
    if (code && codes.includes(code)) mark = '✗'
    row(steps, mark, name, mark === '✗' ? code : said[i] ?? '').className = mark
    if (mark === '✗') mark = '—'
  })
  head.textContent = code ? '✗ 核对不上' : '✓ 核对一致'
  head.className = code ? '✗' : '✓'
  if (want) list()
}
const list = () => {
  const names = {}
  for (const [, own, id, name] of [...data.openings ?? [], ...data.people_openings ?? []]) names[uidOf(own, id)] = name
  const team = (pids, n) => `${pids.map(pid => names[pid] ?? pid).join('、') || '无'}（候选 ${n}）`
  want.selected.forEach(([st, uid, pids, n], i) =>
    row(rows, i + 1, word(st), names[uid] ?? (uid || '无可递补'), n >= 0 ? team(pids, n) : pids.map(([agency, ...more]) => `${word(agency)}：${team(...more)}`).join('；')))
}
const fate = () => {
  const uid = uidOf(salt.value.trim(), unit.value.trim())
  const u = (data.units.find ? data.units : Object.values(data.units).flat()).find(x => x.uid === uid)
  const at = want.selected.findIndex(r => r[1] === uid)
  return u ? `${word(u.st)}，权重 ${u.w}：${at < 0 ? word(why(u, data.intent.rule) || '未抽中') : `抽中，第 ${at + 1}`}` : '不在名录里'
}

go.onclick = () => check(text.value)
file.onchange = async () => check(await file.files[0].text())
find.onclick = () => {
  try { found.textContent = fate() } catch { found.textContent = '请先复核，核对盐值' }
}
// For whoever wants to run it from a program.
globalThis.verifier = { replay, first }
