import { causeIn, findProgram, runCommand, SetupError } from './command.mjs'
import { canUseApt, ensureDebianPackage } from './debian.mjs'
import { isAtLeast } from './versions.mjs'

// Debian 12 ships 5.1; everything that Spool runs was tried on that release and on 9.0.
const MINIMUM_VERSION = '5.1'
const ENCODERS = ['libx264', 'libx265', 'libmp3lame', 'aac', 'mjpeg']
const FILTERS = [
  'aresample',
  'atrim',
  'blackdetect',
  'crop',
  'ebur128',
  'format',
  'scale',
  'thumbnail',
]

/**
 * Finds FFmpeg and ffprobe (SPOOL_FFMPEG_PATH, SPOOL_FFPROBE_PATH → PATH) that can do what Spool needs, or
 * installs Debian's as root. Returns `{ ffmpegPath, ffprobePath, version }`.
 */
export async function ensureFfmpeg({ note, onOutput }) {
  const found = await inspectFfmpeg()
  if (found.ok) return found.ffmpeg
  if (canUseApt() && !process.env.SPOOL_FFMPEG_PATH && !process.env.SPOOL_FFPROBE_PATH) {
    note(`FFmpeg will not do: ${found.reason}.`)
    const installed = await ensureDebianPackage('ffmpeg', onOutput)
    const second = installed.ok ? await inspectFfmpeg() : installed
    if (second.ok) return second.ffmpeg
    throw new SetupError(`FFmpeg could not be installed with apt (${second.reason}); ${remedy()}`)
  }
  throw new SetupError(`FFmpeg will not do (${found.reason}); ${remedy()}`)
}

function remedy() {
  const command =
    process.platform === 'darwin' ? 'brew install ffmpeg' : 'apt, dnf or your package manager'
  return `install FFmpeg ${MINIMUM_VERSION} or newer with libx264, libx265 and libmp3lame (${command}), or point SPOOL_FFMPEG_PATH and SPOOL_FFPROBE_PATH to one.`
}

async function inspectFfmpeg() {
  const ffmpegPath = findProgram(process.env.SPOOL_FFMPEG_PATH || 'ffmpeg')
  if (!ffmpegPath)
    return { ok: false, reason: `${process.env.SPOOL_FFMPEG_PATH || 'ffmpeg'} is missing` }
  const ffprobePath = findProgram(process.env.SPOOL_FFPROBE_PATH || 'ffprobe')
  if (!ffprobePath)
    return { ok: false, reason: `${process.env.SPOOL_FFPROBE_PATH || 'ffprobe'} is missing` }
  const probe = await runCommand(ffprobePath, ['-version'], { timeoutMs: 20_000 })
  if (!probe.ok) return { ok: false, reason: `ffprobe does not run: ${causeIn(probe.output)}` }
  const about = await runCommand(ffmpegPath, ['-version'], { timeoutMs: 20_000 })
  if (!about.ok) return { ok: false, reason: `ffmpeg does not run: ${causeIn(about.output)}` }
  // Builds from git call themselves N-12345-gabcdef; they are judged by what they can do.
  const version = /^ffmpeg version n?(\d+(?:\.\d+)*)/.exec(about.output)?.[1] ?? 'git'
  if (version !== 'git' && !isAtLeast(version, MINIMUM_VERSION)) {
    return {
      ok: false,
      reason: `${ffmpegPath} is ${version}, ${MINIMUM_VERSION} or newer is needed`,
    }
  }
  const missing = [
    ...(await absent(ffmpegPath, '-encoders', ENCODERS)),
    ...(await absent(ffmpegPath, '-filters', FILTERS)),
  ]
  if (missing.length > 0) return { ok: false, reason: `${ffmpegPath} lacks ${missing.join(', ')}` }
  return { ok: true, ffmpeg: { ffmpegPath, ffprobePath, version } }
}

async function absent(ffmpegPath, list, names) {
  const { output } = await runCommand(ffmpegPath, ['-hide_banner', list], { timeoutMs: 20_000 })
  const words = new Set(output.split(/\s+/))
  return names.filter((name) => !words.has(name))
}
