import { cancellationSignal } from '@temporalio/activity'
import type { ClipActivities, ClipInput } from '../../contracts/clip-activities.ts'
import { facesKey } from '../../domain/clips/clip-wish.ts'
import { trackFaces, type FaceBox } from '../../domain/clips/face-tracks.ts'
import type { SeenFaces } from '../../domain/clips/follow-speaker.ts'
import { MediaError } from '../../domain/failures.ts'
import { clipStep } from '../../domain/steps.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { findJson, putJson } from '../lib/stored-text.ts'

/** The first of three parts of a clip's work. */
const SHARE = { fromRatio: 0, toRatio: 0.25 }

/**
 * Looks through a moment once: where faces are, and where the scene changes. What was seen of it before,
 * for another version of the clip, is kept. A detector that fails, or is not there, costs the clip the
 * moving crop and no more; so do pictures without a face. *Idempotent:* the key belongs to the moment.
 * *Errors:* ENCODER_*, STORAGE_UNAVAILABLE (retried). *Cancellation:* ffmpeg and the detector are ended
 * within seconds.
 */
export const watchFaces =
  (deps: ActivityDependencies): ClipActivities['watchFaces'] =>
  async (clip) => {
    const key = facesKey(clip.footage.folderKey, clip.moment)
    const before = await findJson<SeenFaces>(deps, key)
    // Where nobody was seen the detector may have failed: it gets another chance.
    if (before !== null && !isNobodyThere(before)) return { degradations: [] }
    const seen = await look(deps, clip)
    await putJson(deps, key, seen)
    return { degradations: isNobodyThere(seen) ? (['centerCrop'] as const) : [] }
  }

/** Nobody is there whom a window could follow: what is taken for a face now and then is none. */
const isNobodyThere = (seen: SeenFaces): boolean => trackFaces(seen.samples, seen).length === 0

const look = async (
  deps: ActivityDependencies,
  { executionId, footage, number, moment }: ClipInput,
): Promise<SeenFaces> => {
  const { storage, tools } = deps
  return await tools.withWorkspace(executionId, async (workspace) => {
    const signal = cancellationSignal()
    const inputPath = workspace.path('source')
    const workPath = workspace.path
    await storage.downloadTo(footage.sourceKey, inputPath, signal)
    const { startSeconds, endSeconds } = moment
    const progress = stepProgress(deps, { executionId, step: clipStep(number) }, SHARE)
    const { seen: samples, ...timing } = await tools.samplePictures({
      ...{ inputPath, workPath, signal },
      ...{ startSeconds, endSeconds },
      look: (pictures) =>
        facesOrNone(deps, executionId, () =>
          tools.detectFaces({ pictures, workPath, signal, onProgress: progress.report }),
        ),
    })
    await progress.settled()
    return { samples, ...timing }
  })
}

const facesOrNone = async (
  { log }: ActivityDependencies,
  executionId: string,
  detect: () => Promise<readonly (readonly FaceBox[])[]>,
): Promise<readonly (readonly FaceBox[])[]> => {
  try {
    return await detect()
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    log.warn({ executionId, code: error.code, detail: error.internalDetail }, 'no faces were found')
    return []
  }
}
