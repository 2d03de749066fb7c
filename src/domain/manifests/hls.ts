import { framesPerSecond } from '../rational-rate.ts'
import { captionName, initName, segmentName } from '../stream-description.ts'
import type {
  AudioTrack,
  CaptionTrack,
  SegmentedTrack,
  StreamDescription,
  VideoTrack,
} from '../stream-description.ts'
import { averageBitsPerSecond, peakBitsPerSecond, targetSeconds } from './bit-rates.ts'

const AUDIO_GROUP = 'audio'
const CAPTIONS_GROUP = 'captions'
/** The first version with fragmented MP4 outside of I-frame playlists is 6, with CMAF customarily 7. */
const VERSION = '#EXT-X-VERSION:7'

/** Path of a track's playlist within the stream's folder. */
export const playlistName = (track: string): string => `${track}/index.m3u8`

export const captionPlaylistName = (language: string): string => `captions/${language}.m3u8`

/** The main playlist: what there is to choose from, and what each choice needs. */
export const hlsMaster = (stream: StreamDescription): string =>
  lines([
    '#EXTM3U',
    VERSION,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...stream.audio.map(audioRendition),
    ...stream.captions.map(captionRendition),
    ...stream.video.flatMap((track) => variant(track, stream)),
  ])

const audioRendition = (track: AudioTrack, position: number): string =>
  tag('EXT-X-MEDIA', {
    TYPE: 'AUDIO',
    'GROUP-ID': quoted(AUDIO_GROUP),
    NAME: quoted(track.label),
    ...(track.language === null ? {} : { LANGUAGE: quoted(track.language) }),
    DEFAULT: position === 0 ? 'YES' : 'NO',
    AUTOSELECT: 'YES',
    CHANNELS: quoted(String(track.channels)),
    URI: quoted(playlistName(track.name)),
  })

const captionRendition = (track: CaptionTrack): string =>
  tag('EXT-X-MEDIA', {
    TYPE: 'SUBTITLES',
    'GROUP-ID': quoted(CAPTIONS_GROUP),
    NAME: quoted(track.label),
    LANGUAGE: quoted(track.language),
    DEFAULT: 'NO',
    AUTOSELECT: 'YES',
    FORCED: 'NO',
    URI: quoted(captionPlaylistName(track.language)),
  })

const variant = (track: VideoTrack, stream: StreamDescription): string[] => {
  const most = (rate: (audio: AudioTrack) => number) => Math.max(0, ...stream.audio.map(rate))
  const audioCodecs = [...new Set(stream.audio.map(({ codecs }) => codecs))]
  return [
    tag('EXT-X-STREAM-INF', {
      BANDWIDTH: String(peakBitsPerSecond(track) + most(peakBitsPerSecond)),
      'AVERAGE-BANDWIDTH': String(averageBitsPerSecond(track) + most(averageBitsPerSecond)),
      CODECS: quoted([track.codecs, ...audioCodecs].join()),
      RESOLUTION: `${track.widthPx}x${track.heightPx}`,
      'FRAME-RATE': framesPerSecond(track.frameRate).toFixed(3),
      'VIDEO-RANGE': track.videoRange,
      ...(stream.audio.length === 0 ? {} : { AUDIO: quoted(AUDIO_GROUP) }),
      ...(stream.captions.length === 0 ? {} : { SUBTITLES: quoted(CAPTIONS_GROUP) }),
      'CLOSED-CAPTIONS': 'NONE',
    }),
    playlistName(track.name),
  ]
}

/** The playlist of one video or audio track; its file names are relative to the track's folder. */
export const hlsMediaPlaylist = (track: SegmentedTrack): string => {
  const withinFolder = (path: string) => path.slice(track.name.length + 1)
  return lines([
    ...playlistHead(targetSeconds(track)),
    '#EXT-X-INDEPENDENT-SEGMENTS',
    tag('EXT-X-MAP', { URI: quoted(withinFolder(initName(track.name))) }),
    ...track.segments.flatMap(({ durationTicks }, index) => [
      `#EXTINF:${(durationTicks / track.timescale).toFixed(6)},`,
      withinFolder(segmentName(track.name, index)),
    ]),
    '#EXT-X-ENDLIST',
  ])
}

/** The playlist of one caption track: a single WebVTT file that lasts as long as the stream. */
export const hlsCaptionPlaylist = (track: CaptionTrack, durationSeconds: number): string =>
  lines([
    ...playlistHead(Math.max(1, Math.round(durationSeconds))),
    `#EXTINF:${durationSeconds.toFixed(6)},`,
    captionName(track.language).slice('captions/'.length),
    '#EXT-X-ENDLIST',
  ])

const playlistHead = (target: number): string[] => [
  '#EXTM3U',
  VERSION,
  `#EXT-X-TARGETDURATION:${target}`,
  '#EXT-X-MEDIA-SEQUENCE:1',
  '#EXT-X-PLAYLIST-TYPE:VOD',
]

/** Quotes and line breaks cannot be written in such a text, so they are left out. */
const quoted = (text: string): string => `"${text.replaceAll(/["\r\n]/g, '')}"`

const tag = (name: string, attributes: Readonly<Record<string, string>>): string =>
  `#${name}:${Object.entries(attributes)
    .map(([attribute, value]) => `${attribute}=${value}`)
    .join()}`

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`
