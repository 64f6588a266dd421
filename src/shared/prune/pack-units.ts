// Unit scores as strings that travel quickly: hundreds of thousands of doubles, bit for bit, without one object each.
import type { UnitScores } from './unit-scores.ts';

/** `UnitScores` with every vector as base64 of its doubles. */
export interface PackedUnits {
  readonly layers: readonly { readonly kvGroups: string; readonly ffn: string }[];
  readonly layer: string;
  readonly hidden: string | undefined;
}

/** Packs with `encode`, which writes bytes as base64: a host has quicker means than a page. */
export function packUnits({ layers, layer, hidden }: UnitScores, encode: (bytes: Uint8Array) => string): PackedUnits {
  const pack = ({ buffer, byteOffset, byteLength }: Float64Array): string => encode(new Uint8Array(buffer, byteOffset, byteLength));
  return {
    layers: layers.map(({ kvGroups, ffn }) => ({ kvGroups: pack(kvGroups), ffn: pack(ffn) })),
    layer: pack(layer),
    hidden: hidden && pack(hidden),
  };
}

export function unpackUnits({ layers, layer, hidden }: PackedUnits): UnitScores {
  return {
    layers: layers.map(({ kvGroups, ffn }) => ({ kvGroups: unpack(kvGroups), ffn: unpack(ffn) })),
    layer: unpack(layer),
    hidden: hidden === undefined ? undefined : unpack(hidden),
  };
}

/** Newer engines read base64 by themselves, ten times as fast. */
const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };

function unpack(text: string): Float64Array {
  if (fromBase64) return new Float64Array(fromBase64(text).buffer);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Float64Array(bytes.buffer);
}
