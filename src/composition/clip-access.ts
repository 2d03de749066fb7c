import type { ActivityDependencies } from '../activities/dependencies.ts'
import { downloadVideo } from '../adapters/clips/download-video.ts'
import { createOpenaiScorer } from '../adapters/clips/score-moments.ts'
import type { Config } from '../config.ts'

/** What clips need beyond FFmpeg: a way to video sites (none without Python), and a model that chooses
 * moments (none without a key). */
export const createClipAccess = ({
  settings,
  scorer,
}: Config): Pick<ActivityDependencies, 'videoSites' | 'momentScorer'> => {
  const pythonPath = settings.SPOOL_PYTHON_PATH
  const momentScorer = scorer === null ? null : createOpenaiScorer(scorer)
  if (pythonPath === undefined) return { videoSites: null, momentScorer }
  const downloads = {
    pythonPath,
    ffmpegPath: settings.SPOOL_FFMPEG_PATH,
    allowPrivateHosts: settings.SPOOL_ALLOW_PRIVATE_SOURCES,
    timeoutMs: settings.SPOOL_DOWNLOAD_TIMEOUT_SECONDS * 1000,
    pluginFolder: settings.SPOOL_VIDEO_SITE_PLUGINS ?? null,
  }
  return { videoSites: (job) => downloadVideo(downloads, job), momentScorer }
}
