import { captionName } from '../stream-description.ts'
import type {
  AudioTrack,
  CaptionTrack,
  Segment,
  SegmentedTrack,
  StreamDescription,
  VideoRange,
  VideoTrack,
} from '../stream-description.ts'
import { peakBitsPerSecond, targetSeconds } from './bit-rates.ts'

/** The manifest of a stream for DASH players: the same segments as for HLS. */
export const dashManifest = (stream: StreamDescription): string => {
  const ranges = [...new Set(stream.video.map(({ videoRange }) => videoRange))]
  const longestSeconds = Math.max(1, ...[...stream.video, ...stream.audio].map(targetSeconds))
  return document(
    element(
      'MPD',
      {
        xmlns: 'urn:mpeg:dash:schema:mpd:2011',
        profiles: 'urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019',
        type: 'static',
        mediaPresentationDuration: duration(stream.durationSeconds),
        minBufferTime: duration(longestSeconds),
        maxSegmentDuration: duration(longestSeconds + 1),
      },
      [
        element('Period', { id: '0', start: 'PT0S', duration: duration(stream.durationSeconds) }, [
          ...ranges.map((range) => videoSet(stream, range)),
          ...stream.audio.map(audioSet),
          ...stream.captions.map(captionSet),
        ]),
      ],
    ),
  )
}

/** Numbers by ISO/IEC 23091-2. */
const TRANSFER_NUMBERS: Readonly<Record<VideoRange, string>> = { SDR: '1', PQ: '16', HLG: '18' }

const videoSet = (stream: StreamDescription, range: VideoRange): string => {
  const tracks = stream.video.filter(({ videoRange }) => videoRange === range)
  return element(
    'AdaptationSet',
    {
      contentType: 'video',
      mimeType: 'video/mp4',
      segmentAlignment: 'true',
      startWithSAP: '1',
      maxWidth: String(Math.max(...tracks.map(({ widthPx }) => widthPx))),
      maxHeight: String(Math.max(...tracks.map(({ heightPx }) => heightPx))),
    },
    [
      ...(range === 'SDR' ? [] : wideColours(range)),
      element('Role', { schemeIdUri: 'urn:mpeg:dash:role:2011', value: 'main' }),
      ...tracks.map(videoRepresentation),
    ],
  )
}

/** A player that does not know these has to pass the whole set over, and takes the other one. */
const wideColours = (range: VideoRange): string[] =>
  Object.entries({
    ColourPrimaries: '9',
    TransferCharacteristics: TRANSFER_NUMBERS[range],
    MatrixCoefficients: '9',
  }).map(([name, value]) =>
    element('EssentialProperty', { schemeIdUri: `urn:mpeg:mpegB:cicp:${name}`, value }),
  )

const videoRepresentation = (track: VideoTrack): string =>
  element(
    'Representation',
    {
      id: track.name,
      codecs: track.codecs,
      bandwidth: String(peakBitsPerSecond(track)),
      width: String(track.widthPx),
      height: String(track.heightPx),
      frameRate:
        track.frameRate.denominator === 1
          ? String(track.frameRate.numerator)
          : `${track.frameRate.numerator}/${track.frameRate.denominator}`,
      sar: '1:1',
    },
    [segmentTemplate(track)],
  )

const audioSet = (track: AudioTrack, position: number): string =>
  element(
    'AdaptationSet',
    {
      contentType: 'audio',
      mimeType: 'audio/mp4',
      segmentAlignment: 'true',
      startWithSAP: '1',
      ...(track.language === null ? {} : { lang: track.language }),
    },
    [
      element('Role', {
        schemeIdUri: 'urn:mpeg:dash:role:2011',
        value: position === 0 ? 'main' : 'alternate',
      }),
      element('Label', {}, [escaped(track.label)]),
      element(
        'Representation',
        {
          id: track.name,
          codecs: track.codecs,
          bandwidth: String(peakBitsPerSecond(track)),
          audioSamplingRate: String(track.sampleRateHz),
        },
        [
          element('AudioChannelConfiguration', {
            schemeIdUri: 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011',
            value: String(track.channels),
          }),
          segmentTemplate(track),
        ],
      ),
    ],
  )

const captionSet = (track: CaptionTrack): string =>
  element('AdaptationSet', { contentType: 'text', mimeType: 'text/vtt', lang: track.language }, [
    element('Role', { schemeIdUri: 'urn:mpeg:dash:role:2011', value: 'subtitle' }),
    element('Label', {}, [escaped(track.label)]),
    element('Representation', { id: `captions-${track.language}`, bandwidth: '256' }, [
      element('BaseURL', {}, [escaped(captionName(track.language))]),
    ]),
  ])

const segmentTemplate = (track: SegmentedTrack): string =>
  element(
    'SegmentTemplate',
    {
      timescale: String(track.timescale),
      initialization: '$RepresentationID$/init.mp4',
      media: '$RepresentationID$/$Number%05d$.m4s',
      startNumber: '1',
    },
    [element('SegmentTimeline', {}, timeline(track.segments))],
  )

/** Runs of segments of the same length, the first with its time. */
const timeline = (segments: readonly Segment[]): string[] => {
  const runs: { durationTicks: number; count: number }[] = []
  for (const { durationTicks } of segments) {
    const last = runs.at(-1)
    if (last?.durationTicks === durationTicks) last.count += 1
    else runs.push({ durationTicks, count: 1 })
  }
  return runs.map(({ durationTicks, count }, position) =>
    element('S', {
      ...(position === 0 ? { t: '0' } : {}),
      d: String(durationTicks),
      ...(count === 1 ? {} : { r: String(count - 1) }),
    }),
  )
}

const duration = (seconds: number): string => `PT${Number(seconds.toFixed(6))}S`

const document = (root: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`

const element = (
  name: string,
  attributes: Readonly<Record<string, string>>,
  children: readonly string[] = [],
): string => {
  const opening = [
    name,
    ...Object.entries(attributes).map(([key, value]) => `${key}="${escaped(value)}"`),
  ]
  return children.length === 0
    ? `<${opening.join(' ')}/>`
    : `<${opening.join(' ')}>${children.join('')}</${name}>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
