import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { fileName } from '../../scripts/demo/demo-results.ts'
import { demoOptions, demoRegion } from '../../scripts/demo/options.ts'
import { titlesOfFileName } from '../../scripts/demo/song-titles.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const OWN_SONG = fileURLToPath(import.meta.url)

test.each([
  [['--end', '5', '--start', '9'], '--end 5 is not after --start 9.'],
  [['--end', '0'], '--end 0 is not after --start 0.'],
  [['--start', 'soon'], '--start soon is not a time in seconds, such as 12.5.'],
  [['--start=-1'], '--start -1 is not a time in seconds, such as 12.5.'],
  [['--template', 'nonsense'], '--template nonsense is none of spectrum-bars, radial, waveform.'],
  [['--format', '3:2'], '--format 3:2 is none of 16:9, 9:16, 1:1, 4:5.'],
  [['--song', 'missing.wav'], '--song missing.wav: there is no such file.'],
  [['--song', '.'], '--song . is not a file.'],
  [['--colour', 'red'], "Unknown option '--colour'."],
  [['song.wav'], "Unexpected argument 'song.wav'."],
])('%j is refused in one sentence', (args, sentence) => {
  expect(() => demoOptions(args, HERE)).toThrow(sentence)
})

test('a song is found from where the user is', () => {
  const options = demoOptions(['--song', 'demo-options.test.ts', '--end', '20'], HERE)
  expect(options).toMatchObject({ songPath: OWN_SONG, endSeconds: 20, json: false })
})

test('help wins over everything that is wrong beside it', () => {
  expect(demoOptions(['--help', '--template', 'nonsense'], HERE)).toBe('help')
})

test.each([
  ['nothing asked', {}, 200, [0, 16]],
  ['a song shorter than the usual region', {}, 6.5, [0, 6.5]],
  ['only a start', { startSeconds: 50 }, 200, [50, 66]],
  ['a start near the end', { startSeconds: 195 }, 200, [195, 200]],
  ['only an end', { endSeconds: 90 }, 200, [74, 90]],
  ['an early end', { endSeconds: 4 }, 200, [0, 4]],
  ['both', { startSeconds: 12.5, endSeconds: 27 }, 200, [12.5, 27]],
  ['a start behind the song, for the API to refuse', { startSeconds: 300 }, 200, [300, 316]],
])('the region for %s is a short part of the song', (_name, asked, songSeconds, expected) => {
  const region = demoRegion({ songPath: OWN_SONG, ...asked }, songSeconds)
  expect([region.startSeconds, region.endSeconds]).toEqual(expected)
})

test.each([
  ['/music/Nina Simone - Sinnerman.flac', { artist: 'Nina Simone', title: 'Sinnerman' }],
  ['/music/my_first_song.wav', { artist: '', title: 'my first song' }],
  ['/music/Jay-Z.mp3', { artist: '', title: 'Jay-Z' }],
])('a song without tags has the titles of its name: %s', (path, titles) => {
  expect(titlesOfFileName(path)).toEqual(titles)
})

test.each([
  [{ artist: 'Kevin MacLeod', title: 'Vibe Ace' }, 'kevin-macleod-vibe-ace'],
  [{ artist: '', title: 'Тихая ночь' }, 'тихая-ночь'],
  [{ artist: '../..', title: '/etc/passwd' }, 'etc-passwd'],
  [{ artist: '', title: '☂' }, 'video'],
  [{ artist: '', title: 'x'.repeat(300) }, 'x'.repeat(50)],
])('results of %j get a name that every file system takes', (titles, name) => {
  expect(fileName(titles)).toBe(name)
})
