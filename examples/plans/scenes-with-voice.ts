// Three scenes at once, a voice over the whole, captions of what it says. Needs keys for Replicate and
// ElevenLabs on the server.
import {
  audioModel,
  captions,
  compose,
  generateAudio,
  generateVideo,
  merge,
  videoModel,
} from 'spool/sdk'

const scenes = [
  { prompt: 'A harbour before sunrise, fog on the water, slow push in', duration: 5 },
  { prompt: 'A fishing boat leaves the harbour, gulls around it', duration: 5 },
  { prompt: 'Open sea, the sun comes up behind the boat', duration: 5 },
]

const execution = await compose(
  captions({
    video: merge([
      ...scenes.map((scene) =>
        generateVideo({ model: videoModel('bytedance/seedance-1-pro', 'replicate'), ...scene }),
      ),
      generateAudio({
        model: audioModel('elevenlabs/turbo-v2.5', 'elevenlabs'),
        text: 'Every morning at five the boats go out. By noon the market is full.',
        voiceId: '21m00Tcm4TlvDq8ikWAM',
      }),
    ]),
    model: audioModel('vaibhavs10/incredibly-fast-whisper', 'replicate'),
    style: { preset: 'tiktok', highlightActiveWord: true, activeWordColor: '#ffd400' },
  }),
).execute()

console.log(execution.result?.url)
