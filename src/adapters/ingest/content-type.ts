import type { MediaKind } from '../../domain/media-judgement.ts'

/** By ffmpeg's demuxer names. What a client says of its file is not believed. */
const CONTENT_TYPES: readonly (readonly [
  demuxer: string,
  types: Partial<Record<MediaKind, string>>,
])[] = [
  ['mp4', { audio: 'audio/mp4', video: 'video/mp4' }],
  ['webm', { audio: 'audio/webm', video: 'video/webm' }],
  ['mp3', { audio: 'audio/mpeg' }],
  ['flac', { audio: 'audio/flac' }],
  ['ogg', { audio: 'audio/ogg', video: 'video/ogg' }],
  ['wav', { audio: 'audio/wav' }],
  ['w64', { audio: 'audio/x-w64' }],
  ['aiff', { audio: 'audio/aiff' }],
  ['aac', { audio: 'audio/aac' }],
  ['png_pipe', { image: 'image/png' }],
  ['jpeg_pipe', { image: 'image/jpeg' }],
  ['webp_pipe', { image: 'image/webp' }],
]

/** The content type under which a medium is stored and handed out. */
export const contentTypeOf = (formatName: string, kind: MediaKind): string => {
  const names = formatName.split(',')
  const found = CONTENT_TYPES.find(([demuxer]) => names.includes(demuxer))
  return found?.[1][kind] ?? 'application/octet-stream'
}
