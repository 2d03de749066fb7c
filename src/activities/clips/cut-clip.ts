import { cancellationSignal } from '@temporalio/activity'
import type { ClipActivities } from '../../contracts/clip-activities.ts'
import { CLIP_SIZES, clipKeys, facesKey } from '../../domain/clips/clip-wish.ts'
import { clipView, splitSeconds } from '../../domain/clips/clip-view.ts'
import type { SeenFaces } from '../../domain/clips/follow-speaker.ts'
import type { Span } from '../../domain/clips/moment.ts'
import { halvesAreStacked } from '../../domain/clips/window-size.ts'
import { MediaError } from '../../domain/failures.ts'
import type { FrameSize } from '../../domain/frame-size.ts'
import { clipStep } from '../../domain/steps.ts'
import { partOfTranscript } from '../../domain/transcript-part.ts'
import type { Transcript } from '../../domain/transcript.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { readJson } from '../lib/stored-text.ts'
import { readFootageTranscript } from './read-footage-transcript.ts'
import { upload } from './upload.ts'

/** The second of three parts of a clip's work. */
const SHARE = { fromRatio: 0.25, toRatio: 0.95 }

type Captions = Parameters<ClipActivities['cutClip']>[0]['captions']

/**
 * Makes the clip's video in one encode: the crop follows whoever speaks, captions are burned in, the sound
 * is brought to its loudness. Captions that cannot be drawn are left out. *Idempotent:* the key belongs
 * to the clip. *Errors:* MEDIA_UNREADABLE, UPLOAD_FAILED (final); ENCODER_*, DISK_FULL,
 * STORAGE_UNAVAILABLE (retried). *Cancellation:* ffmpeg is ended within seconds.
 */
export const cutClip =
  (deps: ActivityDependencies): ClipActivities['cutClip'] =>
  async ({ executionId, footage, number, moment, format, captions }) => {
    const { storage, tools } = deps
    const { startSeconds, endSeconds } = moment
    const keys = clipKeys(footage.clipsFolderKey)
    const size = CLIP_SIZES[format]
    const seen = await readJson<SeenFaces>(deps, facesKey(footage.folderKey, moment))
    const transcript = await readFootageTranscript(deps, footage)
    const said = partOfTranscript(transcript, startSeconds, endSeconds)
    return await tools.withWorkspace(executionId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('source')
      const outputPath = workspace.path('clip.mp4')
      await storage.downloadTo(footage.sourceKey, inputPath, signal)
      const progress = stepProgress(deps, { executionId, step: clipStep(number) }, SHARE)
      const { spans, captionsFilter } = await tools.cutClip({
        ...{ inputPath, outputPath, startSeconds, endSeconds, size, signal },
        folder: workspace.path(''),
        compose: async (shape) => {
          const shown = clipView(seen, said.words.length > 0 ? said.words : said.segments, shape)
          // Over the seam of two halves nobody has a face.
          const inMiddle = halvesAreStacked(size) ? splitSeconds(shown, shape) : []
          const filter = await typeset(deps, workspace, { captions, said, size, inMiddle })
          return { spans: shown, captionsFilter: filter }
        },
        onProgress: progress.report,
      })
      await progress.settled()
      const about = { contentType: 'video/mp4', signal }
      const key = keys.videoKey(number)
      await upload(deps, { executionId, key }, () =>
        storage.put(key, { filePath: outputPath }, about),
      )
      const isBare = captions !== null && captionsFilter === null
      const isSplit = spans.some(({ layout }) => layout === 'split')
      return {
        degradations: isBare ? (['noCaptions'] as const) : [],
        layout: isSplit ? 'split' : 'single',
      }
    })
  }

/** Null when none are wanted, nothing is said, or they cannot be drawn: the clip is worth more than they. */
const typeset = async (
  { tools, log }: ActivityDependencies,
  workspace: Workspace,
  {
    captions,
    said,
    size,
    inMiddle,
  }: {
    readonly captions: Captions
    readonly said: Transcript
    readonly size: FrameSize
    readonly inMiddle: readonly Span[]
  },
): Promise<string | null> => {
  if (captions === null) return null
  try {
    return await tools.typesetCaptions(workspace.path(''), {
      transcript: said,
      style: { preset: captions.preset },
      frame: size,
      path: 'captions',
      inMiddle,
    })
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    log.warn({ code: error.code, detail: error.internalDetail }, 'captions could not be drawn')
    return null
  }
}
