import { describe, expect, it } from 'vitest'
import { concat, utf8 } from './bytes'
import { jpegOrientation, pictureInfo, pictureMime, strippedPicture } from './jpeg'

function segment(marker: number, payload: Uint8Array): Uint8Array {
  const length = payload.length + 2
  return concat(Uint8Array.of(0xff, marker, length >> 8, length & 255), payload)
}
/** Little-endian TIFF: IFD0 with orientation 6 and a pointer to a GPS IFD with a text in it. */
const TIFF = concat(
  utf8('II'), Uint8Array.of(42, 0, 8, 0, 0, 0, 2, 0),
  Uint8Array.of(0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0),
  Uint8Array.of(0x25, 0x88, 4, 0, 1, 0, 0, 0, 40, 0, 0, 0), Uint8Array.of(0, 0, 0, 0), utf8('GPS-31.2304'),
)
const SOF = segment(0xc0, Uint8Array.of(8, 0, 30, 0, 40, 1, 1, 0x11, 0))
const JFIF = segment(0xe0, concat(utf8('JFIF\0'), new Uint8Array(9)))
const ICC = segment(0xe2, concat(utf8('ICC_PROFILE\0'), Uint8Array.of(1, 1, 9)))
/** Entropy data with a stuffed ff00 and a restart marker in it: neither ends the scan. */
const SCAN = concat(segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)), Uint8Array.of(1, 0xff, 0, 2, 0xff, 0xd3, 3))
const EOI = Uint8Array.of(0xff, 0xd9)
const SOI = Uint8Array.of(0xff, 0xd8)

const PHOTO = concat(
  SOI, JFIF, segment(0xe1, concat(utf8('Exif\0\0'), TIFF)),
  segment(0xe1, utf8('http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>GPSLatitude=31</x:xmpmeta>')),
  segment(0xed, utf8('Photoshop 3.0\0city')), ICC, segment(0xe2, utf8('MPF\0second picture')),
  segment(0xfe, utf8('a comment')), SOF, SCAN, SOF, SCAN, EOI, utf8('MotionPhoto mp4 with location'),
)
const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes)

describe('stripping a JPEG', () => {
  const clean = strippedPicture(PHOTO)

  it('leaves no place, no history, no second picture and no tail', () => {
    for (const word of ['GPS', 'xmp', 'Photoshop', 'MPF', 'comment', 'MotionPhoto']) {
      expect(text(clean ?? new Uint8Array())).not.toContain(word)
    }
  })

  it('keeps pixels, colour profile and the way up, byte for byte', () => {
    const whole = text(clean ?? new Uint8Array())
    for (const part of [JFIF, ICC, SOF, SCAN]) expect(whole).toContain(text(part))
    expect(jpegOrientation(PHOTO)).toBe(6)
    expect(clean && jpegOrientation(clean)).toBe(6)
    expect(clean && pictureInfo(clean)).toEqual({ mime: 'image/jpeg', width: 40, height: 30 })
  })

  it('changes nothing in a file that is clean already', () => {
    const plain = concat(SOI, JFIF, SOF, SCAN, EOI)
    expect(strippedPicture(plain)).toEqual(plain)
    expect(clean && strippedPicture(clean)).toEqual(clean)
  })

  it('refuses a file that ends in the middle rather than guess', () => {
    expect(strippedPicture(PHOTO.slice(0, 60))).toBeUndefined()
    expect(strippedPicture(concat(SOI, JFIF, SOF, SCAN))).toBeUndefined()
  })
})

function pngChunk(type: string, data: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0, 0, 0, data.length), utf8(type), data, Uint8Array.of(1, 2, 3, 4))
}

describe('the other formats', () => {
  const magic = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
  const ihdr = pngChunk('IHDR', Uint8Array.of(0, 0, 0, 7, 0, 0, 0, 5, 8, 2, 0, 0, 0))
  const png = concat(magic, ihdr, pngChunk('eXIf', utf8('GPS')), pngChunk('iTXt', utf8('XML:com.adobe.xmp')), pngChunk('IDAT', utf8('px')), pngChunk('IEND', new Uint8Array()), utf8('tail'))

  it('strips a PNG', () => {
    const clean = strippedPicture(png)
    expect(clean).toEqual(concat(magic, ihdr, pngChunk('IDAT', utf8('px')), pngChunk('IEND', new Uint8Array())))
    expect(pictureInfo(png)).toEqual({ mime: 'image/png', width: 7, height: 5 })
  })

  it('strips a WebP and takes back its promise of EXIF and XMP', () => {
    const riff = (type: string, data: Uint8Array) => concat(utf8(type), Uint8Array.of(data.length, 0, 0, 0), data, new Uint8Array(data.length % 2))
    const vp8x = riff('VP8X', Uint8Array.of(0x0c, 0, 0, 0, 6, 0, 0, 4, 0, 0))
    const body = concat(utf8('WEBP'), vp8x, riff('VP8L', Uint8Array.of(0x2f, 0, 0, 0, 0)), riff('EXIF', utf8('GPS')), riff('XMP ', utf8('gps!')))
    const webp = concat(utf8('RIFF'), Uint8Array.of(body.length, 0, 0, 0), body)
    const clean = strippedPicture(webp)
    expect(text(clean ?? new Uint8Array())).not.toMatch(/EXIF|XMP|GPS/)
    expect(clean?.[20]).toBe(0)
    expect(clean?.[4]).toBe((clean?.length ?? 0) - 8)
    expect(pictureInfo(webp)).toEqual({ mime: 'image/webp', width: 7, height: 5 })
  })

  it.each(['GIF89a', '<svg xmlns="x"/>', '%PDF-1.7', '\0\0\0\x18ftypheic'])('takes no %s for a photo', (start) => {
    expect(pictureMime(utf8(start))).toBeUndefined()
    expect(strippedPicture(utf8(start))).toBeUndefined()
  })
})
