/** What a TrueType or OpenType font says of itself. *Source:* OpenType specification, 1.9. */
export interface FontFacts {
  /** By which libass finds it: the full name, of fonts of PostScript outlines that for PostScript. */
  readonly name: string
  /** Parts of the size, as Windows and libass measure them. */
  readonly ascent: number
  readonly descent: number
  /** Whether it has a glyph for a code point. */
  readonly covers: (codePoint: number) => boolean
}

/** Reads the tables of a font of ours. *Errors:* RangeError where it is broken. */
export const readFont = (font: Buffer): FontFacts => {
  const unitsPerEm = tableOf(font, 'head').readUInt16BE(18)
  const metrics = tableOf(font, 'OS/2')
  const isPostScript = font.toString('latin1', 0, 4) === 'OTTO'
  return {
    name: readName(tableOf(font, 'name'), isPostScript ? POST_SCRIPT_NAME : FULL_NAME),
    ascent: metrics.readUInt16BE(74) / unitsPerEm,
    descent: metrics.readUInt16BE(76) / unitsPerEm,
    covers: readCoverage(tableOf(font, 'cmap')),
  }
}

const tableOf = (font: Buffer, tag: string): Buffer => {
  const tables = font.readUInt16BE(4)
  for (let at = 12; at < 12 + tables * 16; at += 16) {
    if (font.toString('latin1', at, at + 4) !== tag) continue
    const offset = font.readUInt32BE(at + 8)
    return font.subarray(offset, offset + font.readUInt32BE(at + 12))
  }
  throw new RangeError(`the font has no table ${tag}`)
}

const UNICODE_FIRST_PLANE = 1
const UNICODE_ALL = 10

/**
 * Lets a font's map of the first plane be that of all of Unicode, where it has both. libass takes the first map
 * for Windows that it finds, and so saw no emoji and no letters of mathematics, but drew boxes.
 */
export const useWholeMap = (font: Buffer): void => {
  const cmap = tableOf(font, 'cmap')
  const recordOf = (encoding: number): number | undefined =>
    Array.from({ length: cmap.readUInt16BE(2) }, (_, index) => 4 + index * 8).find(
      (at) => cmap.readUInt16BE(at) === WINDOWS && cmap.readUInt16BE(at + 2) === encoding,
    )
  const [first, all] = [recordOf(UNICODE_FIRST_PLANE), recordOf(UNICODE_ALL)]
  if (first === undefined || all === undefined) return
  cmap.writeUInt32BE(cmap.readUInt32BE(all + 4), first + 4)
}

const FULL_NAME = 4
const POST_SCRIPT_NAME = 6
const WINDOWS = 3

const readName = (name: Buffer, kind: number): string => {
  const texts = name.readUInt16BE(4)
  for (let at = 6; at < 6 + name.readUInt16BE(2) * 12; at += 12) {
    if (name.readUInt16BE(at) !== WINDOWS || name.readUInt16BE(at + 6) !== kind) continue
    const offset = texts + name.readUInt16BE(at + 10)
    const utf16 = name.subarray(offset, offset + name.readUInt16BE(at + 8))
    return Buffer.from(utf16).swap16().toString('utf16le')
  }
  throw new RangeError('the font has no name')
}

/** First and last code points, and what is known of the glyphs between. */
type Segment = readonly [number, number]

/** From the sub-table for all of Unicode (12), or that for its first plane (4). */
const readCoverage = (cmap: Buffer): FontFacts['covers'] => {
  const offsets = Array.from({ length: cmap.readUInt16BE(2) }, (_, index) =>
    cmap.readUInt32BE(8 + index * 8),
  )
  const formats = offsets.map((offset) => [cmap.readUInt16BE(offset), offset] as const)
  const offset = (wanted: number) => formats.find(([format]) => format === wanted)?.[1]
  const [all, first] = [offset(12), offset(4)]
  if (all !== undefined) return within(readGroups(cmap.subarray(all)))
  if (first !== undefined) return within(readSegments(cmap.subarray(first)))
  throw new RangeError('the font has no map of Unicode')
}

const readGroups = (table: Buffer): Segment[] =>
  Array.from({ length: table.readUInt32BE(12) }, (_, index) => {
    const at = 16 + index * 12
    return [table.readUInt32BE(at), table.readUInt32BE(at + 4)] as const
  })

/** Single code points of a segment may lack a glyph (number 0); they are left out. */
const readSegments = (table: Buffer): Segment[] => {
  const bytes = table.readUInt16BE(6)
  const found: Segment[] = []
  for (let segment = 0; segment < bytes; segment += 2) {
    const end = table.readUInt16BE(14 + segment)
    const start = table.readUInt16BE(16 + bytes + segment)
    const delta = table.readUInt16BE(16 + 2 * bytes + segment)
    const rangeAt = 16 + 3 * bytes + segment
    const range = table.readUInt16BE(rangeAt)
    for (let code = start; code <= end && code < 0xffff; code += 1) {
      const at = rangeAt + range + 2 * (code - start)
      const glyph = range === 0 ? (code + delta) & 0xffff : table.readUInt16BE(at)
      if (glyph !== 0) found.push([code, code])
    }
  }
  return found
}

const within = (segments: readonly Segment[]): FontFacts['covers'] => {
  const sorted = segments.toSorted(([one], [other]) => one - other)
  return (codePoint) => {
    let [low, high] = [0, sorted.length - 1]
    while (low <= high) {
      const middle = (low + high) >> 1
      const [start = 0, end = 0] = sorted[middle] ?? []
      if (codePoint < start) high = middle - 1
      else if (codePoint > end) low = middle + 1
      else return true
    }
    return false
  }
}
