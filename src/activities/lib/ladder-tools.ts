import type { Ladder, LadderWish } from '../../domain/ladder.ts'
import type {
  AudioTrack,
  CaptionTrack,
  RungPart,
  SegmentRange,
  StreamDescription,
} from '../../domain/stream-description.ts'

interface LadderJob {
  readonly signal: AbortSignal
  /** Absolute, a local file under a name of our own. */
  readonly inputPath: string
  /** From 0 to 1. */
  readonly onProgress?: (ratio: number) => void
}

interface LadderOutput {
  /** Absolute, an existing folder; each track makes one of its name in it. */
  readonly outputDir: string
}

/** Adaptive streams, made by FFmpeg. */
export interface LadderTools {
  /** Looks at every packet of the source's pictures and decides what its stream consists of. */
  readonly inspectForLadder: (job: LadderJob & { readonly wish: LadderWish }) => Promise<Ladder>
  /**
   * Makes rungs of the ladder in one decode: all of each, or a range of its segments, which are then
   * those that one run over everything would make. A copied rung is made whole.
   */
  readonly encodeRungs: (
    job: LadderJob &
      LadderOutput & {
        readonly ladder: Ladder
        readonly rungNames: readonly string[]
        readonly range?: SegmentRange
      },
  ) => Promise<RungPart[]>
  /** Makes all audio tracks of the ladder, always whole; none of a silent film. */
  readonly encodeLadderAudio: (
    job: LadderJob & LadderOutput & { readonly ladder: Ladder },
  ) => Promise<AudioTrack[]>
  /** Everything in one go: tracks, manifests, `stream.json`, copies of the captions. */
  readonly packageStream: (
    job: LadderJob &
      LadderOutput & {
        readonly wish: LadderWish
        /** WebVTT files, which are copied in. */
        readonly captions?: readonly (CaptionTrack & { readonly path: string })[]
      },
  ) => Promise<StreamDescription>
}
