/** What a file is, as its container says. Claims of a stranger until the file has been decoded. */
export interface MediaProbe {
  /** The demuxer's name, for example `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly formatName: string
  /** `null` if the container does not say (pictures, recordings that were piped). */
  readonly durationSeconds: number | null
  /** Guessed from the bit rate: formats without an index. */
  readonly durationIsEstimated: boolean
  readonly sizeBytes: number
  readonly bitrateKbps: number | null
  readonly streams: readonly MediaStream[]
}

export interface MediaStream {
  readonly index: number
  readonly kind: 'audio' | 'video' | 'subtitle' | 'data'
  readonly codec: string
  readonly durationSeconds?: number
  readonly sampleRateHz?: number
  readonly channels?: number
  readonly bitrateKbps?: number
  /** As tagged, mostly by three letters of ISO 639-2; absent if undetermined. */
  readonly language?: string
  readonly widthPx?: number
  readonly heightPx?: number
  /** Two half pictures a frame, as television cameras make them. */
  readonly isInterlaced?: boolean
  /** Mean number of frames in a second. */
  readonly frameRate?: number
  /** The lowest rate at which every frame keeps its time; far above the mean where that varies. */
  readonly nominalFrameRate?: number
  /** Width of a pixel against its height; absent where square or not told. */
  readonly pixelAspectRatio?: number
  readonly pixelFormat?: string
  readonly colorPrimaries?: string
  readonly colorTransfer?: string
  readonly colorSpace?: string
  /** By how much a player turns the picture clockwise: 0 to 359. */
  readonly rotationDegrees?: number
  /** As counted by the container, not by decoding. */
  readonly frameCount?: number
  /** A cover picture, which is no video. */
  readonly isAttachedPicture: boolean
}

export const audioStreams = (probe: MediaProbe): readonly MediaStream[] =>
  probe.streams.filter(({ kind }) => kind === 'audio')

/** Moving pictures and stills, but no cover pictures of songs. */
export const videoStreams = (probe: MediaProbe): readonly MediaStream[] =>
  probe.streams.filter(({ kind, isAttachedPicture }) => kind === 'video' && !isAttachedPicture)

/** The demuxers of single pictures end like this. */
export const isImageFormat = (formatName: string): boolean => formatName.endsWith('_pipe')
