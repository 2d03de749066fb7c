import { cancellationSignal } from '@temporalio/activity'
import type { ClipActivities } from '../../contracts/clip-activities.ts'
import { clipKeys } from '../../domain/clips/clip-wish.ts'
import type { FaceBox } from '../../domain/clips/face-tracks.ts'
import type { SeenFaces } from '../../domain/clips/follow-speaker.ts'
import { MediaError } from '../../domain/failures.ts'
import { clipStep } from '../../domain/steps.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { putText } from '../streams/stored-json.ts'

/** The first of three parts of a clip's work. */
const SHARE = { fromRatio: 0, toRatio: 0.25 }

/**
 * Looks through a moment once: where faces are, and where the scene changes. A detector that fails, or is
 * not there, costs the clip the moving crop and no more; so do pictures without a face. *Idempotent:*
 * the key belongs to the clip. *Errors:* ENCODER_*, STORAGE_UNAVAILABLE (retried). *Cancellation:*
 * ffmpeg and the detector are ended within seconds.
 */
export const watchFaces =
  (deps: ActivityDependencies): ClipActivities['watchFaces'] =>
  async ({ executionId, footage, number, moment }) => {
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
      const seen: SeenFaces = { samples, ...timing }
      const text = JSON.stringify(seen)
      const contentType = 'application/json'
      await putText(deps, clipKeys(footage.folderKey).facesKey(number), { text, contentType })
      const isBlind = samples.every((faces) => faces.length === 0)
      return { degradations: isBlind ? (['centerCrop'] as const) : [] }
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
