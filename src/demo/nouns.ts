// The things of the demo's world by kind: nouns, the materials each kind may have, and what a thing of the kind is for.

/** The last fact of a thing, said with `verb`: "a jug" + "holds" + "milk"; `ask` is its question with {a} for the thing. */
export interface Role {
  readonly verb: string;
  /** The plural of the verb: "hold". */
  readonly verbs: string;
  readonly ask: string;
  readonly values: readonly string[];
  /** Value i belongs to noun i; otherwise values are drawn. */
  readonly fixed?: true;
}

export interface ThingKind {
  readonly name: string;
  readonly plural: string;
  readonly nouns: readonly string[];
  readonly materials: readonly string[];
  readonly role: Role;
}

const list = (text: string): readonly string[] =>
  text
    .trim()
    .split(/\s*[,\n]\s*/)
    .filter((word) => word !== '');

const HARD = list('iron, copper, tin, oak, pine, bone, stone, silver');
const SOFT = list('wool, cotton, leather, paper, rubber');

/** Tools and what each is for. */
const TOOLS = list(`
hammer: drive in nails, saw: cut planks, spade: dig holes, rake: gather leaves, axe: chop logs, knife: slice cheese, needle: sew shirts,
ladder: reach the roof, hoe: clear weeds, sickle: cut wheat, chisel: carve wood, file: smooth edges, drill: bore holes, hook: hang up hams,
oar: row boats, ladle: serve stew, spoon: stir soup, fork: turn hay, wrench: turn bolts, plough: turn the soil, anvil: shape horseshoes,
lever: lift stones, pulley: raise sacks, pump: draw water, scale: weigh grain, pen: write letters, key: open locks, comb: untangle hair,
razor: shave beards, loom: weave cloth, spindle: spin thread, churn: make butter, press: press grapes, grater: grate nutmeg,
peeler: peel potatoes, funnel: fill bottles, trap: catch mice, ruler: draw lines, crowbar: open crates, kettle: boil water, pan: fry eggs,
whistle: call dogs, rope: tie up boats, net: catch fish, mop: wash floors, broom: sweep floors, duster: polish tables, towel: dry dishes,
sling: carry stones, strap: fasten trunks`);
const SOFT_TOOLS = 8;

const CARGO = list(
  'milk, honey, oil, grain, coins, apples, salt, ink, letters, nails, water, sugar, flour, seeds, buttons, tea, rice, beans, sand, soap',
);
const WEATHER = list(
  'at weddings, in the snow, in the rain, at harvest time, at school, on long walks, at sea, in bed, on feast days, at work',
);
const CROWD = list('weavers, sailors, millers, teachers, nurses, farmers, hunters, painters, judges, clerks, guards, cooks');
const FEASTS = list('at weddings, at fairs, at harvest time, on birthdays, at parades, at dances, on picnics, at funerals');
const LOADS = list('hay, coal, sheep, stones, barrels, travellers, timber, mail, fish, bricks, straw, cheese');

/** Kinds in a fixed order. The values of a role are spread evenly over a kind's things. */
export const THING_KINDS: readonly ThingKind[] = [
  toolKind('tool', 'tools', HARD, TOOLS.slice(0, -SOFT_TOOLS)),
  toolKind('household tool', 'household tools', SOFT, TOOLS.slice(-SOFT_TOOLS)),
  {
    name: 'container',
    plural: 'containers',
    nouns:
      list(`jug, cup, bowl, bucket, barrel, basket, box, chest, crate, jar, bottle, vase, pot, tub, tray, flask, mug, bin, basin, crock, casket, pail,
      urn, drawer, trough`),
    materials: list('iron, copper, tin, silver, glass, clay, stone, oak, pine, rubber'),
    role: { verb: 'holds', verbs: 'hold', ask: 'What does {a} hold?', values: CARGO },
  },
  {
    name: 'garment',
    plural: 'garments',
    nouns:
      list(`coat, hat, scarf, glove, boot, shirt, belt, apron, cloak, cap, sock, shoe, dress, skirt, vest, hood, sandal, shawl, jacket, robe, slipper,
      mitten`),
    materials: list('wool, cotton, leather, rubber, paper'),
    role: { verb: 'is worn', verbs: 'are worn', ask: 'When is {a} worn?', values: WEATHER },
  },
  {
    name: 'piece of furniture',
    plural: 'pieces of furniture',
    nouns: list(
      'table, chair, bench, stool, bed, shelf, desk, cupboard, cradle, couch, wardrobe, screen, hat stand, footstool, bookcase, gate',
    ),
    materials: list('iron, stone, oak, pine, glass, bone, leather, tin'),
    role: { verb: 'is made for', verbs: 'are made for', ask: 'Who is {a} made for?', values: CROWD },
  },
  {
    name: 'soft furnishing',
    plural: 'soft furnishings',
    nouns: list('rug, curtain, cushion, blanket, pillow, mat, quilt, carpet'),
    materials: SOFT,
    role: { verb: 'is made for', verbs: 'are made for', ask: 'Who is {a} made for?', values: CROWD },
  },
  {
    name: 'toy',
    plural: 'toys',
    nouns: list('ball, doll, kite, puppet, marble, hoop, swing, puzzle, sled, rattle, block, toy boat, spinning top, rocking horse'),
    materials: list('tin, glass, clay, oak, pine, bone, wool, leather, paper, wax, rubber'),
    role: { verb: 'is given to children', verbs: 'are given to children', ask: 'When is {a} given to children?', values: FEASTS },
  },
  {
    name: 'instrument',
    plural: 'instruments',
    nouns: list('drum, flute, fiddle, harp, horn, lute, pipe, guitar, trumpet, banjo, cymbal, bell, gong'),
    materials: list('iron, copper, tin, silver, oak, pine, bone, leather, glass'),
    role: { verb: 'is played', verbs: 'are played', ask: 'When is {a} played?', values: FEASTS },
  },
  {
    name: 'vehicle',
    plural: 'vehicles',
    nouns: list('cart, wagon, raft, sledge, canoe, barge, coach, ferry, ship, tram, wheelbarrow'),
    materials: list('iron, copper, tin, oak, pine, leather, rubber'),
    role: { verb: 'carries', verbs: 'carry', ask: 'What does {a} carry?', values: LOADS },
  },
  {
    name: 'ornament',
    plural: 'ornaments',
    nouns:
      list(`ring, bracelet, necklace, brooch, crown, statue, medal, pendant, button, buckle, mask, fan, bead, locket, flag, candle, lamp, mirror, clock,
      plate`),
    materials: list('iron, copper, tin, silver, glass, clay, stone, bone, paper, wax, oak'),
    role: { verb: 'is a gift for', verbs: 'are gifts for', ask: 'Who is given {a} as a gift?', values: CROWD },
  },
];

/** A tool's use goes with its noun, so the values of its role stand in the order of its nouns. */
function toolKind(name: string, plural: string, materials: readonly string[], rows: readonly string[]): ThingKind {
  const pairs = rows.map((row) => row.split(': '));
  return {
    name,
    plural,
    nouns: pairs.map(([noun]) => noun!),
    materials,
    role: { verb: 'is used to', verbs: 'are used to', ask: 'What is {a} used to do?', values: pairs.map(([, use]) => use!), fixed: true },
  };
}
