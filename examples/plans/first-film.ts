// A film that needs no key of anybody: two cards, a slow move over each, a voice over both, captions.
//
//   SPOOL_API_KEY=… node examples/plans/first-film.ts
import {
  audioModel,
  captions,
  compose,
  generateAudio,
  generateImage,
  generateVideo,
  imageModel,
  merge,
  videoModel,
} from 'spool/sdk'

const card = (prompt: string, seed: number) =>
  generateImage({ model: imageModel('local/card', 'local'), prompt, seed, aspectRatio: '16:9' })

const scene = (prompt: string, seed: number) =>
  generateVideo({
    model: videoModel('local/pan-zoom', 'local'),
    image: card(prompt, seed),
    duration: 3,
    width: 640,
    height: 360,
  })

const film = merge([
  scene('The lamp is lit at dusk', 7),
  scene('Ships find their way', 8),
  generateAudio({
    model: audioModel('local/espeak', 'local'),
    text: 'The lamp is lit at dusk. Ships find their way.',
  }),
])

const execution = await compose(
  captions({
    video: film,
    captions: [
      { word: 'The', start: 0, end: 0.2 },
      { word: 'lamp', start: 0.2, end: 0.6 },
      { word: 'is', start: 0.6, end: 0.8 },
      { word: 'lit', start: 0.8, end: 1.1 },
      { word: 'at', start: 1.1, end: 1.3 },
      { word: 'dusk.', start: 1.3, end: 1.9 },
    ],
    style: { preset: 'youtube', highlightActiveWord: true },
  }),
)
  .onProgress(({ completedJobs, totalJobs, currentJob }) => {
    console.error(
      `completed ${completedJobs} of ${totalJobs}${currentJob ? `, ${currentJob}` : ''}`,
    )
  })
  .execute()

console.log(execution.result?.url)
