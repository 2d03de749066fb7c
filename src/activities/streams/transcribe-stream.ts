import { writeFile } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { StreamActivities } from '../../contracts/stream-activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { orderAnswers } from '../lib/order-answers.ts'
import { stepProgress } from '../lib/step-progress.ts'

/**
 * Writes down what is said, as JSON with segments and words. A film without speech has an empty
 * transcript; a silent one, or a server without an engine, has none: skipped. *Idempotent:* the key
 * belongs to the order, and what an attempt was answered is not asked again. *Errors:*
 * LANGUAGE_UNSUPPORTED, PROVIDER_REJECTED, MEDIA_UNREADABLE (final); PROVIDER_UNAVAILABLE,
 * PROVIDER_OUTPUT_INVALID, ENCODER_*, STORAGE_UNAVAILABLE (retried). *Cancellation:* the engine is
 * stopped.
 */
export const transcribeStream =
  (deps: ActivityDependencies): StreamActivities['transcribeStream'] =>
  async ({ executionId, source, language }) => {
    const { speech, storage, tools } = deps
    if (!source.hasSound) return { skipped: 'the film is silent', outputs: {} }
    if (speech === null) return { skipped: 'no speech engine is configured', outputs: {} }
    return await tools.withWorkspace(executionId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('source')
      const audioPath = workspace.path('speech.flac')
      const filePath = workspace.path('transcript.json')
      await storage.downloadTo(source.sourceKey, inputPath, signal)
      await tools.extractSpeech({ inputPath, outputPath: audioPath, signal })
      const progress = stepProgress(deps, { executionId, step: 'transcript' })
      const workPath = workspace.path
      const onProgress = progress.report
      const remember = orderAnswers(deps, source.folderKey)
      const job = { audioPath, workPath, language, signal, onProgress, remember }
      const transcript = await speech.transcribe(job)
      await progress.settled()
      await writeFile(filePath, JSON.stringify(transcript))
      const key = `${source.folderKey}/transcript.json`
      await storage.put(key, { filePath }, { contentType: 'application/json', signal })
      return { outputs: { transcript: key } }
    })
  }
