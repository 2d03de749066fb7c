import { open } from 'node:fs/promises'
import { imageDimensionsFromData, type ImageType } from 'image-dimensions'
import type { MediaProbe } from '../../domain/media-probe.ts'

/** Enough for what our own encoders write in front of a picture. */
const HEADER_BYTES = 64 * 1024

/** As ffprobe calls what our own encoders write. */
const FORMATS: Partial<Record<ImageType, { readonly formatName: string; readonly codec: string }>> =
  {
    jpeg: { formatName: 'jpeg_pipe', codec: 'mjpeg' },
    png: { formatName: 'png_pipe', codec: 'png' },
  }

/**
 * Says what a JPEG or a PNG of our own making is; null for every other file. Not for pictures of strangers:
 * what follows behind the header is not looked at.
 */
export const probeOwnPicture = async (path: string): Promise<MediaProbe | null> => {
  const file = await open(path)
  try {
    const { size: sizeBytes } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    const found = imageDimensionsFromData(buffer.subarray(0, bytesRead))
    const format = found && FORMATS[found.type]
    if (!found || !format) return null
    const { width: widthPx, height: heightPx } = found
    const { formatName, codec } = format
    return {
      ...{ formatName, sizeBytes, durationSeconds: null, durationIsEstimated: false },
      bitrateKbps: null,
      streams: [{ index: 0, kind: 'video', codec, widthPx, heightPx, isAttachedPicture: false }],
    }
  } finally {
    await file.close()
  }
}
