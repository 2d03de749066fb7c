/** Bytes of an object, both ends included, counted from zero (as in HTTP). */
export interface ByteRange {
  readonly startByte: number
  readonly endByte: number
}

export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  | { readonly kind: 'unsatisfiable' }

const SINGLE_RANGE = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))$/

/**
 * What to answer to a `Range` header: 200, 206 with these bytes, or 416.
 *
 * Several ranges at once, other units and nonsense are answered with the whole object, which RFC 9110
 * section 14.2 leaves to the server: players ask for one range, and many ranges are an amplifier.
 */
export const parseRange = (header: string | undefined, sizeBytes: number): RangeAnswer => {
  const match = header === undefined ? null : SINGLE_RANGE.exec(header.trim())
  if (!match) return { kind: 'whole' }
  const [, first, last, suffix] = match
  const startByte = first === undefined ? Math.max(0, sizeBytes - Number(suffix)) : Number(first)
  if (first !== undefined && last !== undefined && Number(last) < startByte) {
    return { kind: 'whole' }
  }
  const endByte = last === undefined ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (startByte >= sizeBytes) return { kind: 'unsatisfiable' }
  return { kind: 'part', range: { startByte, endByte } }
}
