/** Marks on a copy of a photo. Coordinates are pixels of the copy; every line has a rim of the opposite lightness. */
export type Tool = 'arrow' | 'circle' | 'text'
export interface Ink {
  readonly name: string
  readonly line: string
  readonly rim: string
}
/** Told apart in a black-and-white print too: each is light with a dark rim or dark with a light one. */
export const INKS: readonly Ink[] = [
  { name: 'yellow', line: '#ffd400', rim: '#000000' },
  { name: 'white', line: '#ffffff', rim: '#000000' },
  { name: 'black', line: '#000000', rim: '#ffffff' },
  { name: 'red', line: '#c40000', rim: '#ffffff' },
]
export interface Mark {
  readonly tool: Tool
  readonly ink: Ink
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
  readonly text: string
}
/** The copy is at most this long, px: enough to print, small enough for a cheap phone's canvas. */
export const LONGEST = 1600

/** Size of the copy of a picture. */
export function copySize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, LONGEST / Math.max(width, height, 1))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** The ends of an arrow's barbs. */
export function barbs(mark: Pick<Mark, 'x1' | 'y1' | 'x2' | 'y2'>, size: number): readonly (readonly [number, number])[] {
  const angle = Math.atan2(mark.y2 - mark.y1, mark.x2 - mark.x1)
  return [Math.PI - 0.45, Math.PI + 0.45].map((turn) => [mark.x2 + size * Math.cos(angle + turn), mark.y2 + size * Math.sin(angle + turn)] as const)
}

/** Too small to be meant: a finger that only touched. */
export function isSlip(mark: Mark, unit: number): boolean {
  return mark.tool === 'text' ? mark.text.trim() === '' : Math.hypot(mark.x2 - mark.x1, mark.y2 - mark.y1) < unit * 2
}

type Context = Pick<CanvasRenderingContext2D, 'beginPath' | 'moveTo' | 'lineTo' | 'ellipse' | 'stroke' | 'fillText' | 'strokeText'> & {
  lineWidth: number
  strokeStyle: string | CanvasGradient | CanvasPattern
  fillStyle: string | CanvasGradient | CanvasPattern
  lineCap: CanvasLineCap
  lineJoin: CanvasLineJoin
  font: string
  textBaseline: CanvasTextBaseline
}

/** `unit` is the line's width in px of the copy. */
export function draw(context: Context, mark: Mark, unit: number): void {
  context.lineCap = context.lineJoin = 'round'
  if (mark.tool === 'text') {
    context.font = `700 ${unit * 9}px sans-serif`
    context.textBaseline = 'middle'
    context.lineWidth = unit * 2.4
    context.strokeStyle = mark.ink.rim
    context.fillStyle = mark.ink.line
    context.strokeText(mark.text, mark.x1, mark.y1)
    context.fillText(mark.text, mark.x1, mark.y1)
    return
  }
  for (const [style, width] of [[mark.ink.rim, unit * 2.2], [mark.ink.line, unit]] as const) {
    context.strokeStyle = style
    context.lineWidth = width
    context.beginPath()
    if (mark.tool === 'circle') context.ellipse((mark.x1 + mark.x2) / 2, (mark.y1 + mark.y2) / 2, Math.abs(mark.x2 - mark.x1) / 2, Math.abs(mark.y2 - mark.y1) / 2, 0, 0, Math.PI * 2)
    else {
      context.moveTo(mark.x1, mark.y1)
      context.lineTo(mark.x2, mark.y2)
      for (const [x, y] of barbs(mark, unit * 7)) {
        context.moveTo(mark.x2, mark.y2)
        context.lineTo(x, y)
      }
    }
    context.stroke()
  }
}
