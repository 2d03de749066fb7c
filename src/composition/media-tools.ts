import { join } from 'node:path'
import type { MediaTools } from '../activities/lib/media-tools.ts'
import { withWorkspace } from '../adapters/workspace.ts'
import { cutClip } from '../adapters/clips/cut-clip.ts'
import { detectFaces } from '../adapters/clips/detect-faces.ts'
import { measureRecording } from '../adapters/clips/measure-recording.ts'
import { samplePictures } from '../adapters/clips/sample-pictures.ts'
import { convertAudio } from '../adapters/ffmpeg/convert-audio.ts'
import { convertImage } from '../adapters/ffmpeg/convert-image.ts'
import { convertVideo } from '../adapters/ffmpeg/convert-video.ts'
import { cropAudio } from '../adapters/ffmpeg/crop-audio.ts'
import { extractCover } from '../adapters/ffmpeg/extract-cover.ts'
import { typesetCaptions } from '../adapters/ffmpeg/compose/captions/typeset-captions.ts'
import { runMediaOperation } from '../adapters/ffmpeg/compose/run-media-operation.ts'
import { encodeLadderAudio } from '../adapters/ffmpeg/ladder/encode-audio.ts'
import { encodeRungs } from '../adapters/ffmpeg/ladder/encode-rungs.ts'
import { inspectForLadder } from '../adapters/ffmpeg/ladder/inspect-for-ladder.ts'
import { packageStream } from '../adapters/ffmpeg/ladder/package-stream.ts'
import { makePreviews } from '../adapters/ffmpeg/make-previews.ts'
import { measurePeaks } from '../adapters/ffmpeg/peaks.ts'
import { makeStoryboard } from '../adapters/ffmpeg/storyboard.ts'
import { makeThumbnails } from '../adapters/ffmpeg/thumbnails.ts'
import { verifyVideo } from '../adapters/ffmpeg/verify-video.ts'
import { describeMedium } from '../adapters/ingest/describe-medium.ts'
import { renderVideo } from '../adapters/renderer/render-video.ts'
import { extractSpeech } from '../adapters/speech/extract-speech.ts'
import type { Config } from '../config.ts'

/** Work on a song or on thumbnails: minutes of a slow machine, and an end to what hangs. */
const SHORT_TIMEOUT_MS = 10 * 60_000
/** A render of the longest region, or a stream of the longest film: hours of a slow machine. */
const RENDER_TIMEOUT_MS = 6 * 3600_000

/** Ten times what the longest clip takes. */
const DETECTION_TIMEOUT_MS = 90_000

/** A conversion of the longest medium with the slowest codec. */
const CONVERSION_TIMEOUT_MS = 6 * 3600_000

/** FFmpeg and the renderer, with the paths and time limits of this machine. */
export const createMediaTools = (config: Config): MediaTools => {
  const { settings, workDir } = config
  const programs = {
    ffmpegPath: settings.SPOOL_FFMPEG_PATH,
    ffprobePath: settings.SPOOL_FFPROBE_PATH,
  }
  const timeoutMs = SHORT_TIMEOUT_MS
  const conversion = { ...programs, timeoutMs: CONVERSION_TIMEOUT_MS }
  return {
    convertVideo: (job) => convertVideo({ ...conversion, ...job }),
    convertAudio: (job) => convertAudio({ ...conversion, ...job }),
    convertImage: (job) => convertImage({ ...conversion, ...job }),
    makePreviews: (job) => makePreviews({ ...conversion, ...job }),
    measurePeaks: (job) => measurePeaks({ ...conversion, ...job }),
    measureRecording: (job) => measureRecording({ ...conversion, ...job }),
    samplePictures: (job) => samplePictures({ ...conversion, ...job }),
    detectFaces: (job) =>
      detectFaces(
        { pythonPath: settings.SPOOL_PYTHON_PATH ?? '', timeoutMs: DETECTION_TIMEOUT_MS },
        job,
      ),
    cutClip: (job) => cutClip({ ...conversion, ...job }),
    typesetCaptions,
    makeStoryboard: (job) => makeStoryboard({ ...conversion, ...job }),
    withWorkspace: (ownerId, work) =>
      withWorkspace(workDir, ownerId, (folder) => work({ path: (name) => join(folder, name) })),
    cropAudio: (job) => cropAudio({ ...programs, timeoutMs, ...job }),
    extractCover: (job) => extractCover({ ...programs, ...job }),
    makeThumbnails: (job) => makeThumbnails({ ...programs, timeoutMs, ...job }),
    verifyVideo: (job) => verifyVideo({ ...programs, timeoutMs, ...job }),
    describeMedium: (job) => describeMedium({ ...programs, timeoutMs, ...job }),
    runMediaOperation: (work) => runMediaOperation({ ...conversion, ...work }),
    inspectForLadder: (job) => inspectForLadder({ ...programs, timeoutMs, ...job }),
    encodeRungs: (job) => encodeRungs({ ...programs, timeoutMs: RENDER_TIMEOUT_MS, ...job }),
    encodeLadderAudio: (job) =>
      encodeLadderAudio({ ...programs, timeoutMs: RENDER_TIMEOUT_MS, ...job }),
    packageStream: (job) => packageStream({ ...programs, timeoutMs: RENDER_TIMEOUT_MS, ...job }),
    extractSpeech: (job) => extractSpeech({ ...programs, timeoutMs, ...job }),
    renderVideo: (job) => renderVideo({ ...programs, timeoutMs: RENDER_TIMEOUT_MS, ...job }),
  }
}
