/** Merkle trees of RFC 6962 over leaf hashes; the Python twin is `server/kernel/merkle.py`. */
import { concat, sameBytes, type Sha256 } from './bytes'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

type Hash = Uint8Array

export function leafHash(sha256: Sha256, data: Uint8Array): Promise<Hash> {
  return sha256(concat(LEAF, data))
}

export function nodeHash(sha256: Sha256, left: Hash, right: Hash): Promise<Hash> {
  return sha256(concat(NODE, left, right))
}

/** The tree hash of the leaf hashes; the hash of nothing for no leaves. */
export async function root(sha256: Sha256, hashes: readonly Hash[]): Promise<Hash> {
  const [first] = hashes
  if (first === undefined) return sha256(new Uint8Array(0))
  if (hashes.length === 1) return first
  const middle = split(hashes.length)
  const left = await root(sha256, hashes.slice(0, middle))
  return nodeHash(sha256, left, await root(sha256, hashes.slice(middle)))
}

/** The path of leaf `index` in the tree of all `hashes`, lowest first; RangeError outside. */
export async function inclusionProof(
  sha256: Sha256,
  hashes: readonly Hash[],
  index: number,
): Promise<Hash[]> {
  if (!Number.isInteger(index) || index < 0 || index >= hashes.length) throw new RangeError('no such leaf')
  if (hashes.length === 1) return []
  const middle = split(hashes.length)
  const left = hashes.slice(0, middle)
  const right = hashes.slice(middle)
  return index < middle
    ? [...(await inclusionProof(sha256, left, index)), await root(sha256, right)]
    : [...(await inclusionProof(sha256, right, index - middle)), await root(sha256, left)]
}

/** The proof that the tree of the first `old` leaves is the beginning of the tree of all. */
export async function consistencyProof(
  sha256: Sha256,
  hashes: readonly Hash[],
  old: number,
): Promise<Hash[]> {
  if (!Number.isInteger(old) || old < 0 || old > hashes.length) throw new RangeError('no such tree')
  return old === 0 ? [] : subproof(sha256, hashes, old, true)
}

async function subproof(sha256: Sha256, hashes: readonly Hash[], old: number, whole: boolean): Promise<Hash[]> {
  if (old === hashes.length) return whole ? [] : [await root(sha256, hashes)]
  const middle = split(hashes.length)
  const left = hashes.slice(0, middle)
  const right = hashes.slice(middle)
  return old <= middle
    ? [...(await subproof(sha256, left, old, whole)), await root(sha256, right)]
    : [...(await subproof(sha256, right, old - middle, false)), await root(sha256, left)]
}

/** Whether leaf hash `leaf` is number `index` of the tree of `size` leaves (RFC 9162 2.1.3.2). */
export async function verifyInclusion(
  sha256: Sha256,
  leaf: Hash,
  index: number,
  size: number,
  proof: readonly Hash[],
  expected: Hash,
): Promise<boolean> {
  if (!natural(index, size) || index >= size || !hashes(leaf, expected, ...proof)) return false
  let place = index
  let last = size - 1
  let value = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      value = await nodeHash(sha256, sibling, value)
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)]
    } else value = await nodeHash(sha256, value, sibling)
    ;[place, last] = [half(place), half(last)]
  }
  return last === 0 && sameBytes(value, expected)
}

/** Whether the tree of `old` leaves is the beginning of the tree of `size` (RFC 9162 2.1.4.2). */
export async function verifyConsistency(
  sha256: Sha256,
  old: number,
  size: number,
  oldRoot: Hash,
  newRoot: Hash,
  proof: readonly Hash[],
): Promise<boolean> {
  if (!natural(old, size) || old > size || !hashes(oldRoot, newRoot, ...proof)) return false
  if (old === size) return proof.length === 0 && sameBytes(oldRoot, newRoot)
  if (old === 0) return proof.length === 0 && sameBytes(oldRoot, await root(sha256, []))
  let place = old - 1
  let last = size - 1
  while (place % 2 === 1) [place, last] = [half(place), half(last)]
  const path = [...proof]
  // A complete old tree is itself the first node of the path; any other starts from the proof.
  const first = place === 0 ? oldRoot : path.shift()
  if (first === undefined) return false
  let small = first
  let large = first
  for (const sibling of path) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      small = await nodeHash(sha256, sibling, small)
      large = await nodeHash(sha256, sibling, large)
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)]
    } else large = await nodeHash(sha256, large, sibling)
    ;[place, last] = [half(place), half(last)]
  }
  return last === 0 && sameBytes(small, oldRoot) && sameBytes(large, newRoot)
}

/** The largest power of two below `count`, for `count` above one; plain arithmetic, as >> ends at 2^31. */
function split(count: number): number {
  let power = 1
  while (power * 2 < count) power *= 2
  return power
}

function half(value: number): number {
  return Math.floor(value / 2)
}

function natural(...values: readonly number[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && value >= 0)
}

function hashes(...values: readonly Hash[]): boolean {
  return values.every((value) => value.length === 32)
}
