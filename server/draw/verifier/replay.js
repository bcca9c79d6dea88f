// Steps 1 to 8 of docs/draw.md, and the kinds of draw made of them.
import { H, b64, canon, form, id, int, ints, key, keys, list, no, obj, str, un, utf } from './forms.js'
import { START, W, block, bytes, cat, sha, words } from './sha256.js'

const empty = () => Object.create(null)
const by = k => (a, b) => a[k] < b[k] ? -1 : 1

// Step 1.
const root = (rows, k, code, want) => {
  try {
    let level = [...rows].sort(by(k)).map(r => {
      id(r[k])
      return sha(cat([0], utf(canon(r))))
    })
    if (new Set(rows.map(r => r[k])).size < rows.length) no()
    while (level.length > 1) {
      const up = []
      for (let i = 0; i < level.length; i += 2) up.push(level[i + 1] ? sha(cat([1], level[i], level[i + 1])) : level[i])
      level = up
    }
    if (b64(level[0] || sha([])) !== want) no()
  } catch { no(code) }
}
const rooted = (units, people, of) => {
  root(units, 'uid', 'E_ROOT', of.root)
  root(people, 'pid', 'E_PEOPLE', of.people_root)
}

// Steps 2 and 3.
const opened = (I, reveals) => {
  const promised = obj(I.commits)
  const pairs = list(reveals, p => list(p, str).length === 2 ? p : form())
  const open = list(I.open, str)
  const said = new Map(pairs)
  const want = [...keys(promised), ...open].sort()
  if (canon(want) !== canon(pairs.map(p => p[0]).sort()) || said.size < want.length) no('E_PARTIES')
  want.map(key)
  for (const p of open) /^\d{20,}$/.test(String.fromCharCode(...un(said.get(p)) || [])) || no('E_DICE')
  const draw = utf(str(I.draw))
  for (const p of keys(promised)) {
    const v = un(said.get(p))
    v && b64(H('commit', draw, utf(p), v)) === promised[p] || no('E_COMMIT')
  }
  return H('seed', sha(utf(canon(I))), ...want.flatMap(p => [utf(p), un(said.get(p))]))
}

// Step 4.
const unit = (u, top) => {
  int(u.w) && u.w > 0 && u.w <= top || no('E_WEIGHT')
  for (const k of ['force', 'out']) k in u && key(u[k])
  key(u.st)
  key(u.need)
  ints(u, 'visits')
  list(u.recuse, id)
  return { ...u, raw: words(un(u.uid)) }
}
const units = (rows, top) => [...rows].sort(by('uid')).map(u => unit(u, top))
export const why = (u, r) => 'out' in u ? u.out : 'force' in u ? 0 : u.visits >= r.max_visits ? 'max_visits' : u.visits && r.skip_visited ? 'visited_this_year' : 0

// Step 5.
const quotas = (r, pool) => {
  ints(r, 'n general_min_permille')
  ints(r, 'months_left', 1)
  const must = new Set(list(r.must, key))
  const q = empty()
  const rest = keys(pool).filter(s => !must.has(s))
  const all = rest.reduce((n, s) => n + pool[s].length, 0)
  let sum = 0
  for (const s of must) sum += q[s] = Math.ceil((pool[s] || []).length / r.months_left)
  const left = Math.min(Math.max(Math.ceil(r.general_min_permille * r.n / 1000), r.n - sum), all)
  let more = left
  for (const s of rest) more -= q[s] = Math.floor(left * pool[s].length / all)
  for (const s of rest.sort((a, b) => left * pool[b].length % all - left * pool[a].length % all || (a < b ? -1 : 1)).slice(0, more)) q[s]++
  return q
}

// Step 6.
const stream = (seed, label) => H('stream', seed, utf(label))
const less = (a, b) => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return 0
}
// The end of the one block of a ticket: its number, and the padding of 52 bytes.
const last = [0, 1 << 31, 0, 416]
const best = (k, raw, n) => {
  let least
  for (let j = 0; j < n; j++) {
    last[0] = j
    W.set(k)
    W.set(raw, 8)
    W.set(last, 12)
    const h = block(START.slice())
    if (!least || less(h, least) < 0) least = h
  }
  return least
}
const sorted = (key, all, tickets) => {
  const k = words(key)
  return all.map(x => [best(k, x.raw, tickets(x)), x]).sort((x, y) => less(x[0], y[0]) || less(x[1].raw, y[1].raw)).map(x => x[1])
}
export const first = (seed, s, all) => sorted(stream(seed, 'units/' + s), all, u => u.w)

// Step 7.
const roster = rows => {
  const people = rows.map(p => {
    list(p.q, key)
    ints(p, 'load cap')
    return { ...p, raw: words(un(p.pid)) }
  })
  const fit = (u, not = []) => people.filter(p => p.q.includes(u.need) && ![...u.recuse, ...not].includes(p.pid) && p.load < p.cap)
  return {
    fit,
    pick(k, u, size, bal, not) {
      const c = fit(u, not)
      const top = Math.max(...c.map(p => p.load))
      const team = c.length < size ? [] : sorted(H('team', k, bytes(u.raw)), c, p => Math.min(bal, 1 + top - p.load)).slice(0, size)
      return [team.map(p => (p.load++, p.pid)), c.length]
    },
  }
}

// Draw, objects and joint: a joint draw has a table, a rule and teams for each agency, the others for one.
const drawn = t => {
  const I = t.intent
  const joint = I.kind === 'joint'
  const whole = I.kind === 'objects'
  const all = joint ? list(I.agencies, a => ({ ...obj(a) })) : [{ ...I, agency: 'x' }]
  const codes = `${all.map(a => key(a.agency))}`
  const part = (x, a) => list(joint ? x[a.agency] : x, obj)
  const alike = x => `${keys(x)}` === codes
  if (joint && (!alike(t.units) || !alike(t.people) || all.length < 2)) form()
  for (const a of all) rooted(part(t.units, a), part(t.people, a), a)
  if (joint && !alike(I.commits)) no('E_PARTIES')
  const seed = opened(I, t.reveals)
  for (const a of all) {
    const r = obj(a.rule)
    ints(r, 'w_max bal_max', 1)
    ints(r, 'team')
    whole || r.skip_visited === !!r.skip_visited && ints(r, 'max_visits') || form()
    a.units = new Map(units(part(t.units, a), r.w_max).map(u => [u.uid, u]))
    a.people = roster(part(t.people, a))
  }
  const lead = joint ? all.find(a => a.agency === I.lead) || form() : all[0]
  const pool = empty()
  const excluded = empty()
  for (const u of lead.units.values()) {
    const out = whole ? u.out : all.some(a => !a.units.has(u.uid)) ? 'not_shared' : all.map(a => why(a.units.get(u.uid), a.rule)).find(x => x)
    if (out) excluded[out] = (excluded[out] || 0) + 1
    else (pool[u.st] ??= []).push(u)
  }
  const q = whole ? empty() : quotas(obj(I.rule), pool)
  if (whole) for (const s in pool) q[s] = pool[s].length
  const chosen = keys(q).flatMap(s => first(seed, s, pool[s] || []).slice(0, q[s]))
  const teams = all.map(a => {
    const k = stream(seed, joint ? 'teams/' + a.agency : 'teams')
    return chosen.map(u => a.people.pick(k, a.units.get(u.uid), a.rule.team, a.rule.bal_max))
  })
  const selected = chosen.map((u, i) => [u.st, u.uid, ...joint ? [all.map((a, j) => [a.agency, ...teams[j][i]])] : teams[0][i]])
  return [{ seed: b64(seed), quotas: q, excluded, selected }, pool, lead.people]
}

// New people for a drawn unit, by fresh dice.
const people = t => {
  const I = t.intent
  const rows = list(t.units, obj)
  const all = list(t.people, obj)
  rooted(rows, all, I)
  const seed = opened(I, t.reveals)
  ints(obj(I.rule), 'bal_max', 1)
  const team = roster(all)
  const selected = rows.map(r => unit({ w: 1, visits: 0, ...r }, 1)).sort((a, b) => less(a.raw, b.raw)).map(u => {
    const gone = list(u.gone, id)
    if (!gone.length || new Set(gone).size < gone.length) form()
    return [u.st, u.uid, ...team.pick(stream(seed, 'replace'), u, gone.length, I.rule.bal_max, [...gone, ...list(u.keep, id)])]
  })
  return { seed: b64(seed), selected }
}

// New units for drawn ones that are closed or moved: the next tickets of the first draw.
const next = t => {
  const I = t.intent
  const F = { ...t, intent: obj(t.first) }
  if ((F.intent.kind ?? 'draw') !== 'draw') form()
  const [w, pool] = drawn(F)
  const of = obj(I.of)
  if (of.draw !== F.intent.draw || of.hash !== fingerprint(F, w)) no('E_OF')
  const team = roster(t.people)
  const at = { ...w.quotas }
  const now = new Map(w.selected.map(x => [x[1], x]))
  const selected = list(I.gone, g => {
    const [s, , old] = now.get(g.uid) || no('E_GONE')
    const u = first(un(w.seed), s, pool[s])[at[s]++]
    now.delete(g.uid)
    if (!u) return [s, '', [], 0]
    const fit = team.fit(u).map(p => p.pid)
    const row = [s, u.uid, old.every(p => fit.includes(p)) ? old : [], fit.length]
    now.set(u.uid, row)
    return row
  })
  return { seed: w.seed, selected }
}

export const replay = t => {
  const { v, kind = 'draw' } = obj(obj(t).intent)
  if (v !== 1) form()
  return kind === 'people' ? people(t) : kind === 'unit' ? next(t) : /^(draw|objects|joint)$/.test(kind) ? drawn(t)[0] : form()
}
export const fingerprint = (t, want) => b64(sha(utf(canon({ intent: t.intent, reveals: t.reveals, want }))))
