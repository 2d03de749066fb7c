import type { MediaTools } from '../activities/lib/media-tools.ts'

/** Where the times of encodes are counted. */
export interface EncodeMeter {
  encoded(encode: {
    readonly kind: 'clip' | 'render' | 'video' | 'rungs'
    /** What was made: a frame size, a container, names of rungs. */
    readonly format: string
    readonly seconds: number
  }): void
}

type Kind = Parameters<EncodeMeter['encoded']>[0]['kind']

const sizeName = ({ widthPx, heightPx }: { widthPx: number; heightPx: number }): string =>
  `${widthPx}x${heightPx}`

/**
 * The same tools, with the time of each encode of pictures counted: that of the encoder alone, without
 * the fetching before it and the upload after it. One that failed or was cancelled says nothing about
 * how long it takes, and is counted elsewhere.
 */
export const timedEncodes = (tools: MediaTools, meter: EncodeMeter | undefined): MediaTools => {
  const timed =
    <Job, Made>(kind: Kind, encode: (job: Job) => Promise<Made>, formatOf: (job: Job) => string) =>
    async (job: Job): Promise<Made> => {
      const startedAtMs = performance.now()
      const made = await encode(job)
      const seconds = (performance.now() - startedAtMs) / 1000
      meter?.encoded({ kind, format: formatOf(job), seconds })
      return made
    }
  return {
    ...tools,
    cutClip: timed('clip', tools.cutClip, ({ size }) => sizeName(size)),
    renderVideo: timed('render', tools.renderVideo, ({ spec }) => sizeName(spec)),
    convertVideo: timed('video', tools.convertVideo, ({ conversion }) => conversion.format),
    encodeRungs: timed('rungs', tools.encodeRungs, ({ rungNames }) => rungNames.join(' ')),
  }
}
