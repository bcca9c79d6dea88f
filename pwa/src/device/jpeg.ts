/**
 * What a picture file says about itself, and the same file without its place and history (D-22).
 *
 * Works on segments and chunks, never on pixels: the image data stays byte for byte. Where an agency
 * switches positions off, EXIF (but for the orientation), XMP, IPTC, maker notes, multi-picture
 * tables and everything behind the end of the image go before the file is hashed.
 */
import { concat, type Bytes } from './bytes'

export type PictureMime = 'image/jpeg' | 'image/png' | 'image/webp'
export interface PictureInfo {
  readonly mime: PictureMime
  readonly width: number
  readonly height: number
}

const PNG_MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length))
}
function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 65536 + u16(bytes, at + 2)
}
function u32le(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256 + (bytes[at + 2] ?? 0) * 65536 + (bytes[at + 3] ?? 0) * 16777216
}

export function pictureMime(bytes: Uint8Array): PictureMime | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg'
  if (PNG_MAGIC.every((byte, i) => bytes[i] === byte)) return 'image/png'
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') return 'image/webp'
  return undefined
}

/** Width and height as encoded (before any EXIF turn); undefined for a file we do not take. */
export function pictureInfo(bytes: Uint8Array): PictureInfo | undefined {
  const mime = pictureMime(bytes)
  if (mime === undefined) return undefined
  const size = mime === 'image/jpeg' ? jpegSize(bytes) : mime === 'image/png' ? pngSize(bytes) : webpSize(bytes)
  return size === undefined || size.width === 0 || size.height === 0 ? undefined : { mime, ...size }
}

export function strippedPicture(bytes: Bytes): Bytes | undefined {
  switch (pictureMime(bytes)) {
    case 'image/jpeg':
      return strippedJpeg(bytes)
    case 'image/png':
      return strippedPng(bytes)
    case 'image/webp':
      return strippedWebp(bytes)
    default:
      return undefined
  }
}

interface Segment {
  readonly marker: number
  /** From the 0xff of the marker to the end of its data (entropy-coded data included for SOS). */
  readonly start: number
  readonly data: number
  readonly end: number
}

/** undefined when the file ends in the middle of a segment. */
function jpegSegments(bytes: Uint8Array): Segment[] | undefined {
  const found: Segment[] = []
  let at = 2
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (marker === 0xd9) {
      found.push({ marker, start: at, data: at + 2, end: at + 2 })
      return found
    }
    const bare = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)
    let end = bare ? at + 2 : at + 2 + u16(bytes, at + 2)
    if (end > bytes.length || (!bare && u16(bytes, at + 2) < 2)) return undefined
    if (marker === 0xda) end = scanEnd(bytes, end)
    found.push({ marker, start: at, data: at + 4, end })
    at = end
  }
  return undefined
}

/** Entropy-coded data runs to the next marker that is neither a stuffed 0xff00 nor a restart. */
function scanEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) {
    const next = bytes[at + 1] ?? 0
    if (bytes[at] === 0xff && next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at
  }
  return bytes.length
}

function jpegSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  for (const { marker, data } of jpegSegments(bytes) ?? []) {
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (frame) return { height: u16(bytes, data + 1), width: u16(bytes, data + 3) }
  }
  return undefined
}

/** 1..8 from IFD0, 1 when absent or odd. */
export function jpegOrientation(bytes: Uint8Array): number {
  for (const { marker, data, end } of jpegSegments(bytes) ?? []) {
    if (marker !== 0xe1 || ascii(bytes, data, 6) !== 'Exif\0\0') continue
    const tiff = bytes.subarray(data + 6, end)
    const little = ascii(tiff, 0, 2) === 'II'
    const short = (at: number): number => (little ? (tiff[at] ?? 0) | ((tiff[at + 1] ?? 0) << 8) : u16(tiff, at))
    const ifd = little ? u32le(tiff, 4) : u32(tiff, 4)
    for (let i = 0; i < Math.min(short(ifd), 64); i++) {
      const entry = ifd + 2 + i * 12
      if (short(entry) !== 0x0112) continue
      const value = short(entry + 8)
      return value >= 1 && value <= 8 ? value : 1
    }
  }
  return 1
}

/** The smallest EXIF there is: one tag, the orientation. A photo must not lie on its side. */
function orientationSegment(orientation: number): Bytes {
  const tiff = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
  const payload = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff]
  return new Uint8Array([0xff, 0xe1, 0, payload.length + 2, ...payload])
}

/** Kept: APP0 JFIF, APP2 only when it is a colour profile, APP14 Adobe, tables, frames, scans, EOI. */
function keepsJpeg(bytes: Uint8Array, { marker, data }: Segment): boolean {
  if (marker === 0xfe) return false
  if (marker < 0xe0 || marker > 0xef) return true
  if (marker === 0xe0) return ascii(bytes, data, 5) === 'JFIF\0'
  if (marker === 0xe2) return ascii(bytes, data, 12) === 'ICC_PROFILE\0'
  return marker === 0xee
}

function strippedJpeg(bytes: Bytes): Bytes | undefined {
  const segments = jpegSegments(bytes)
  if (segments === undefined) return undefined
  const orientation = jpegOrientation(bytes)
  const parts: Uint8Array[] = [bytes.subarray(0, 2)]
  if (orientation !== 1) parts.push(orientationSegment(orientation))
  for (const segment of segments) {
    if (keepsJpeg(bytes, segment)) parts.push(bytes.subarray(segment.start, segment.end))
  }
  return concat(...parts)
}

function pngSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  return bytes.length < 24 ? undefined : { width: u32(bytes, 16), height: u32(bytes, 20) }
}

const PNG_KEEPS = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND', 'tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'sBIT', 'pHYs', 'bKGD'])

function strippedPng(bytes: Bytes): Bytes | undefined {
  const parts: Uint8Array[] = [bytes.subarray(0, 8)]
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + u32(bytes, at)
    if (end > bytes.length) return undefined
    const type = ascii(bytes, at + 4, 4)
    if (PNG_KEEPS.has(type)) parts.push(bytes.subarray(at, end))
    if (type === 'IEND') return concat(...parts)
    at = end
  }
  return undefined
}

function webpChunks(bytes: Uint8Array): { type: string; start: number; end: number }[] | undefined {
  const found: { type: string; start: number; end: number }[] = []
  const stop = Math.min(bytes.length, 8 + u32le(bytes, 4))
  for (let at = 12; at + 8 <= stop; ) {
    const length = u32le(bytes, at + 4)
    const end = at + 8 + length + (length % 2)
    if (end > stop) return undefined
    found.push({ type: ascii(bytes, at, 4), start: at, end })
    at = end
  }
  return found
}

function webpSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  const first = webpChunks(bytes)?.[0]
  if (first === undefined) return undefined
  const at = first.start + 8
  if (first.type === 'VP8X') return { width: 1 + (u32le(bytes, at + 4) & 0xffffff), height: 1 + (u32le(bytes, at + 7) & 0xffffff) }
  if (first.type === 'VP8L') {
    const bits = u32le(bytes, at + 1)
    return { width: 1 + (bits & 0x3fff), height: 1 + (Math.floor(bits / 16384) & 0x3fff) }
  }
  if (first.type === 'VP8 ') return { width: u32le(bytes, at + 6) & 0x3fff, height: (u32le(bytes, at + 8) & 0x3fff) }
  return undefined
}

const WEBP_KEEPS = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ICCP', 'ANIM', 'ANMF'])

function strippedWebp(bytes: Bytes): Bytes | undefined {
  const chunks = webpChunks(bytes)
  if (chunks === undefined) return undefined
  const kept = chunks.filter(({ type }) => WEBP_KEEPS.has(type)).map(({ type, start, end }) => {
    const copy = bytes.slice(start, end)
    // VP8X announces EXIF (0x08) and XMP (0x04): a promise the file no longer keeps.
    if (type === 'VP8X') copy[8] = (copy[8] ?? 0) & ~0x0c
    return copy
  })
  const payload = concat(...kept)
  const size = payload.length + 4
  const head = concat(
    bytes.subarray(0, 4),
    new Uint8Array([size & 255, (size >> 8) & 255, (size >> 16) & 255, (size >> 24) & 255]),
    bytes.subarray(8, 12),
  )
  return concat(head, payload)
}
