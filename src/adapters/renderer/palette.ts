/** Colours made from the accent colour: light enough to be seen on a dark picture, whatever it was. */
export interface Palette {
  /** The accent, lifted where it would drown in the dark. */
  readonly main: string
  readonly light: string
  /** A neighbour on the colour wheel, for gradients. */
  readonly companion: string
  readonly deep: string
  /** The accent with an alpha of 0 to 1. */
  glow(alpha: number): string
}

interface Hsl {
  readonly hueDegrees: number
  readonly saturation: number
  readonly lightness: number
}

const parseHex = (color: string): Hsl => {
  const value = Number.parseInt(color.slice(1), 16)
  const [red, green, blue] = [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255]
  const max = Math.max(red, green, blue)
  const min = Math.min(red, green, blue)
  const lightness = (max + min) / 2
  const chroma = max - min
  if (chroma === 0) return { hueDegrees: 0, saturation: 0, lightness }
  const sector =
    max === red
      ? ((green - blue) / chroma + 6) % 6
      : max === green
        ? (blue - red) / chroma + 2
        : (red - green) / chroma + 4
  const saturation = chroma / (1 - Math.abs(2 * lightness - 1))
  return { hueDegrees: sector * 60, saturation, lightness }
}

const css = ({ hueDegrees, saturation, lightness }: Hsl, alpha = 1): string => {
  const hue = ((Math.round(hueDegrees) % 360) + 360) % 360
  return `hsla(${hue}, ${Math.round(saturation * 100)}%, ${Math.round(lightness * 100)}%, ${alpha})`
}

/** `accentColor` is `#rrggbb`. */
export const createPalette = (accentColor: string): Palette => {
  const given = parseHex(accentColor)
  const main = { ...given, lightness: Math.min(0.82, Math.max(0.58, given.lightness)) }
  return {
    main: css(main),
    light: css({ ...main, lightness: Math.min(0.93, main.lightness + 0.2) }),
    companion: css({
      ...main,
      hueDegrees: main.hueDegrees + 38,
      lightness: Math.min(0.8, main.lightness + 0.06),
    }),
    deep: css({ ...main, hueDegrees: main.hueDegrees - 24, lightness: 0.42 }),
    glow: (alpha) => css(main, alpha),
  }
}
