import { open } from 'node:fs/promises'

import type { MediaProbe } from '../../domain/media-probe.ts'

/** Enough for what our own encoders write in front of a picture. */
const HEADER_BYTES = 64 * 1024
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
/** Start of frame: all kinds of JPEG but for C4, C8 and CC, which are tables. */
const FRAME_MARKERS = new Set(
  [0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15].map((kind) => 0xc0 + kind),
)

/**
 * Says what a JPEG or a PNG of our own making is; null for every other file. Not for pictures of strangers:
 * what follows behind the header is not looked at.
 */
export const probeOwnPicture = async (path: string): Promise<MediaProbe | null> => {
  const file = await open(path)
  try {
    const { size: sizeBytes } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    const head = buffer.subarray(0, bytesRead)
    const picture = pngOf(head) ?? jpegOf(head)
    if (picture === null) return null
    const { formatName, codec, widthPx, heightPx } = picture
    return {
      ...{ formatName, sizeBytes, durationSeconds: null, durationIsEstimated: false },
      bitrateKbps: null,
      streams: [{ index: 0, kind: 'video', codec, widthPx, heightPx, isAttachedPicture: false }],
    }
  } finally {
    await file.close()
  }
}

const pngOf = (head: Buffer) => {
  if (head.length < 24 || !head.subarray(0, PNG.length).equals(PNG)) return null
  const [widthPx, heightPx] = [head.readUInt32BE(16), head.readUInt32BE(20)]
  return { formatName: 'png_pipe', codec: 'png', widthPx, heightPx }
}

/** Segment after segment: a marker and a length each, until one tells how large the picture is. */
const jpegOf = (head: Buffer) => {
  if (head.length < 4 || head.readUInt16BE(0) !== 0xffd8) return null
  for (let at = 2; at + 9 <= head.length && head[at] === 0xff;) {
    if (FRAME_MARKERS.has(head[at + 1] ?? 0)) {
      const [heightPx, widthPx] = [head.readUInt16BE(at + 5), head.readUInt16BE(at + 7)]
      return { formatName: 'jpeg_pipe', codec: 'mjpeg', widthPx, heightPx }
    }
    at += 2 + head.readUInt16BE(at + 2)
  }
  return null
}
