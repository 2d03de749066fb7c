/** Makes media files, good and bad ones, with the real ffmpeg and by hand. */
import { execFile } from 'node:child_process'
import { copyFile, open, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32, deflateSync } from 'node:zlib'

const run = promisify(execFile)

/** Runs ffmpeg in a folder; the last argument is the file it makes, whose path is returned. */
export const makeMedia = async (folder: string, ...args: string[]): Promise<string> => {
  await run('ffmpeg', ['-v', 'error', '-y', '-nostdin', ...args], { cwd: folder })
  return join(folder, args.at(-1) ?? '')
}

export const makeTone = (
  folder: string,
  name: string,
  options: { durationSeconds: number; encode?: readonly string[] },
): Promise<string> => {
  const source = `sine=frequency=440:duration=${options.durationSeconds}`
  return makeMedia(folder, '-f', 'lavfi', '-i', source, ...(options.encode ?? []), name)
}

export const makeClip = (
  folder: string,
  name: string,
  options: { durationSeconds: number; size?: string; encode?: readonly string[] },
): Promise<string> => {
  const { durationSeconds, size = '160x120', encode = [] } = options
  return makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${durationSeconds}`],
    ...['-f', 'lavfi', '-i', `sine=duration=${durationSeconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...encode],
    name,
  )
}

/** The first half of a file, as an upload that broke off leaves it. */
export const halfOf = async (path: string): Promise<string> => {
  const half = `${path}.half`
  await copyFile(path, half)
  await truncate(half, Math.floor((await stat(path)).size / 2))
  return half
}

/** An MP4 whose header claims another length than its media have. */
export const withClaimedHours = async (path: string, hours: number): Promise<string> => {
  const bytes = await readFile(path)
  for (const box of ['mvhd', 'tkhd', 'mdhd', 'elst', 'stts']) {
    for (let at = bytes.indexOf(box); at >= 0; at = bytes.indexOf(box, at + 4)) {
      patchDuration(bytes, box, { at, hours })
    }
  }
  const claimed = `${path}.claimed`
  await writeFile(claimed, bytes)
  return claimed
}

/** Version 0 boxes as ffmpeg writes them: positions count from the box's name. */
const patchDuration = (
  bytes: Buffer,
  box: string,
  { at, hours }: { at: number; hours: number },
) => {
  const seconds = hours * 3600
  if (box === 'mvhd') bytes.writeUInt32BE(seconds * bytes.readUInt32BE(at + 16), at + 20)
  if (box === 'tkhd') bytes.writeUInt32BE(seconds * 1000, at + 24)
  if (box === 'elst') bytes.writeUInt32BE(seconds * 1000, at + 12)
  // The media header counts in samples, for which 32 bits are too few; so do the sample tables.
  if (box === 'mdhd') {
    bytes.writeUInt32BE(1_000, at + 16)
    bytes.writeUInt32BE(seconds * 1_000, at + 20)
  }
  if (box === 'stts') {
    const samples = bytes.readUInt32BE(at + 12)
    bytes.writeUInt32BE(Math.floor((seconds * 1_000) / samples), at + 16)
  }
}

/** An MP4 with the matrix that phones write when they are held upright. */
export const turnedClockwise = async (path: string): Promise<string> => {
  const bytes = await readFile(path)
  const matrixAt = bytes.indexOf('tkhd') + 44
  const quarterTurn = [0, 0x1_0000, 0, -0x1_0000, 0, 0]
  quarterTurn.forEach((value, index) => bytes.writeInt32BE(value, matrixAt + index * 4))
  const turned = `${path}.turned`
  await writeFile(turned, bytes)
  return turned
}

/** A PNG of black pixels, one bit each: 32 megabytes of picture in a few kilobytes. */
export const makeHugePicture = async (folder: string, sidePx: number): Promise<string> => {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data])
    const frame = Buffer.alloc(body.length + 8)
    frame.writeUInt32BE(data.length, 0)
    body.copy(frame, 4)
    frame.writeUInt32BE(crc32(body), body.length + 4)
    return frame
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(sidePx, 0)
  header.writeUInt32BE(sidePx, 4)
  header.writeUInt8(1, 8)
  const rows = deflateSync(Buffer.alloc(sidePx * (1 + Math.ceil(sidePx / 8))), { level: 1 })
  const path = join(folder, 'huge-picture')
  await writeFile(
    path,
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      chunk('IDAT', rows),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  )
  return path
}

/** A Matroska file of a thousand streams of subtitles, written element by element. */
export const makeThousandStreams = async (folder: string): Promise<string> => {
  const element = (id: number[], body: Buffer): Buffer => {
    const size = Buffer.alloc(8)
    size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n))
    return Buffer.concat([Buffer.from(id), size, body])
  }
  const uint = (id: number[], value: number): Buffer =>
    element(id, Buffer.from([value >> 8, value & 0xff]))
  const tracks = Array.from({ length: 1_000 }, (_, index) =>
    element(
      [0xae],
      Buffer.concat([
        uint([0xd7], index + 1),
        uint([0x73, 0xc5], index + 1),
        uint([0x83], 0x11),
        element([0x86], Buffer.from('S_TEXT/UTF8')),
      ]),
    ),
  )
  const header = element([0x1a, 0x45, 0xdf, 0xa3], element([0x42, 0x82], Buffer.from('matroska')))
  const body = element([0x16, 0x54, 0xae, 0x6b], Buffer.concat(tracks))
  const path = join(folder, 'thousand-streams')
  await writeFile(path, Buffer.concat([header, element([0x18, 0x53, 0x80, 0x67], body)]))
  return path
}

/** A WAV header with numbers of one's own choice, and a second of silence behind it. */
export const makeWav = async (
  folder: string,
  name: string,
  format: { channels: number; sampleRateHz: number },
): Promise<string> => {
  const data = Buffer.alloc(64_000)
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + data.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(format.channels, 22)
  header.writeUInt32LE(format.sampleRateHz, 24)
  header.writeUInt32LE((format.sampleRateHz * format.channels * 2) % 2 ** 32, 28)
  header.writeUInt16LE((format.channels * 2) % 65_536, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(data.length, 40)
  const path = join(folder, name)
  await writeFile(path, Buffer.concat([header, data]))
  return path
}

/** A stranger's address and a file that must not be read, woven into each script. */
export interface Lure {
  readonly canaryPath: string
  readonly port: number
}

/** Playlists and scripts that make FFmpeg open other files or addresses, by a name for each. */
export const scriptsInDisguise = ({ canaryPath, port }: Lure): Record<string, string> => {
  const http = `http://127.0.0.1:${port}`
  const hls = (uri: string, name = 'segment') =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,${name}\n${uri}\n#EXT-X-ENDLIST\n`
  return {
    'an HLS playlist to an address': hls(`${http}/segment.ts`),
    'an HLS playlist to a file': hls(`file://${canaryPath}`),
    'an HLS playlist that joins': hls(`concat:${http}/head|file:${canaryPath}`),
    'an HLS playlist of a part of a file': hls(`subfile,,start,0,end,99,,:${canaryPath}`),
    'an HLS master playlist': `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${http}/child.m3u8\n`,
    'an HLS playlist of itself': hls('disguised'),
    'an HLS playlist with a data: URI': hls('data:text/plain;base64,AAAA'),
    'a DASH manifest': `<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT9S">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1" codecs="avc1">
<BaseURL>${http}/video.mp4</BaseURL><SegmentBase indexRange="0-9"/>
</Representation></AdaptationSet></Period></MPD>`,
    'an SDP description': `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
    'a concat script of a neighbour': 'ffconcat version 1.0\nfile neighbour.mp4\n',
    'a concat script of any file': `ffconcat version 1.0\nfile ${canaryPath}\n`,
    'a concat script of an address': `ffconcat version 1.0\nfile ${http}/video.mp4\n`,
    'an SVG picture': `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"
xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64">
<image xlink:href="${http}/pixel.png" width="9" height="9"/>
<image xlink:href="file://${canaryPath}" width="9" height="9"/></svg>`,
    'an M3U of addresses': `#EXTM3U\n${http}/a.mp3\n`,
    'a list of image names': 'picture-%03d.png\n',
  }
}

/** An AVI with a playlist as its subtitles, the shape of the attacks of 2016 and 2017. */
export const makeAviWithPlaylist = async (folder: string, lure: Lure): Promise<string> => {
  const clip = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=1', '-c:v', 'mpeg4', 'clip.avi'],
  )
  const playlist = scriptsInDisguise(lure)['an HLS playlist to a file'] ?? ''
  const chunk = Buffer.from(`GAB2\0\x02\0${playlist}`, 'latin1')
  const header = Buffer.alloc(8)
  header.write('01tx')
  header.writeUInt32LE(chunk.length, 4)
  const file = await open(clip, 'a')
  await file.write(Buffer.concat([header, chunk]))
  await file.close()
  return clip
}
