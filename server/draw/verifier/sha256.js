// The rules are docs/draw.md. This verifier is written apart from the server on purpose: nothing here is shared with it.
// SHA-256 without the browser's: that one answers later, and some browsers hide it from a page opened from the disk.
const K = []
const S = []
for (let p = 2; K.length < 64; p++) {
  let d = 2
  while (p % d) d++
  if (d < p) continue
  if (S.length < 8) S.push(p ** .5 % 1 * 2 ** 32)
  K.push(p ** (1 / 3) % 1 * 2 ** 32)
}
const KK = Uint32Array.from(K)
export const START = Uint32Array.from(S)
export const W = new Int32Array(64)
const r = (x, n) => x >>> n | x << 32 - n

// One block: the sixteen words at the start of W go into the state h.
export const block = h => {
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15]
    const y = W[i - 2]
    W[i] = W[i - 16] + W[i - 7] + (r(x, 7) ^ r(x, 18) ^ x >>> 3) + (r(y, 17) ^ r(y, 19) ^ y >>> 10)
  }
  // Eight reads, not one destructuring: an iterator per block would cost a quarter of the whole draw.
  let a = h[0]
  let b = h[1]
  let c = h[2]
  let d = h[3]
  let e = h[4]
  let f = h[5]
  let g = h[6]
  let k = h[7]
  for (let i = 0; i < 64; i++) {
    const t = k + (r(e, 6) ^ r(e, 11) ^ r(e, 25)) + (e & f ^ ~e & g) + KK[i] + W[i] | 0
    const u = (r(a, 2) ^ r(a, 13) ^ r(a, 22)) + (a & b ^ a & c ^ b & c)
    k = g
    g = f
    f = e
    e = d + t | 0
    d = c
    c = b
    b = a
    a = t + u | 0
  }
  h[0] += a
  h[1] += b
  h[2] += c
  h[3] += d
  h[4] += e
  h[5] += f
  h[6] += g
  h[7] += k
  return h
}
export const sha = m => {
  const n = m.length
  const padded = new Uint8Array(n + 72 >> 6 << 6)
  padded.set(m)
  padded[n] = 128
  const all = words(padded)
  all[all.length - 1] = n * 8
  all[all.length - 2] = n / 2 ** 29
  const h = START.slice()
  for (let i = 0; i < all.length; i += 16) {
    W.set(all.subarray(i, i + 16))
    block(h)
  }
  return bytes(h)
}
export const words = b => {
  const v = new DataView(b.buffer)
  return new Uint32Array(b.length / 4).map((_, i) => v.getUint32(4 * i))
}
export const bytes = w => {
  const v = new DataView(new ArrayBuffer(4 * w.length))
  w.forEach((x, i) => v.setUint32(4 * i, x))
  return new Uint8Array(v.buffer)
}
export const cat = (...parts) => {
  const all = new Uint8Array(parts.reduce((n, x) => n + x.length, 0))
  let n = 0
  for (const x of parts) {
    all.set(x, n)
    n += x.length
  }
  return all
}
