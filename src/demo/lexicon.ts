// The words of the demo's world: names, places and values, each a plain list.

const words = (text: string): readonly string[] => text.trim().split(/\s+/);
const phrases = (text: string): readonly string[] =>
  text
    .trim()
    .split(',')
    .map((phrase) => phrase.trim());

export const SHE = words(`
Ada Amy Anna Bella Betty Clara Daisy Dora Ella Emma Erin Fay Flora Gina Grace Hanna Helen Ida Ivy Jane Julia Kate Kim Laura Lena Lily Lucy
Maria Maud Mia Molly Nell Nina Nora Olga Pam Paula Rita Rosa Ruth Sally Sara Tess Tina Vera Wendy Zoe Alma Edith Irma`);

export const HE = words(`
Adam Alan Bart Ben Bill Carl Colin Dan David Eric Felix Frank Fred George Gus Hal Harry Hugo Ian Jack Jim Joel John Karl Ken Leo Lewis Luke
Mark Max Miles Ned Nick Noah Oscar Otto Paul Pete Ralph Robin Roy Sam Simon Theo Tim Tom Victor Walter Will Oliver`);

export const TOWNS = words('Alder Brindle Corby Denham Elston Fenwick Garton Holme Kelso Lorton Marlow Norby Osmond Preston Redmire Selby');

export const RIVERS = words('Arrow Beck Calder Dove Ember Foss Greta Swift');

/** Where things are kept, all with "in the". */
export const PLACES = words(`
kitchen cellar attic shed barn stable hall pantry garden workshop bedroom school chapel library mill inn bakery harbour tower dairy loft
office laundry nursery`);

export const COLOURS = words('red blue green yellow brown black white grey orange purple pink');
export const DAYS = words('Monday Tuesday Wednesday Thursday Friday Saturday Sunday');
export const PRICES = words('two three four five six seven eight nine ten twelve');
export const SEASONS = words('spring summer autumn winter');
export const TASTES = words('sweet sour bitter salty spicy mild');

/** Job, where it is done, and what is done there. */
export const JOBS = `
baker|bakery|bakes bread; miller|mill|grinds grain; teacher|school|teaches children; farmer|farm|grows wheat; sailor|harbour|sails ships;
nurse|hospital|cares for the sick; cook|inn|cooks meals; priest|chapel|says prayers; gardener|garden|plants roses; smith|forge|shapes iron;
tailor|tailor shop|sews coats; clerk|office|writes letters; banker|bank|counts money; guard|castle|watches the gate; groom|stable|brushes horses;
hunter|forest|follows tracks; fisher|lake|catches fish; painter|studio|paints pictures; judge|court|hears cases; actor|theatre|plays kings;
cheesemaker|dairy|makes cheese; miner|mine|digs for coal; driver|station|drives trains; doctor|clinic|heals wounds`
  .trim()
  .split(/;\s*/)
  .map((row) => {
    const [name, workplace, task] = row.trim().split('|');
    return { name: name!, workplace: workplace!, task: task! };
  });

export const HOBBIES = phrases(`
chess, fishing, dancing, singing, swimming, running, painting, reading, knitting, rowing, skating, climbing, gardening, cooking, sewing, riding,
carving, hiking, camping, drawing`);

/** Names that make one noun into many things ("a long ladder"), used in this order when the world grows. */
export const STYLES = words('little long round square narrow tall double folding');

/** Animals by class; what each eats, where it lives and the like are drawn from the lists of its class. */
export const ANIMAL_CLASSES = [
  {
    name: 'bird',
    members: words('heron owl robin crow duck goose swan hawk wren dove stork finch thrush magpie swallow cuckoo'),
    foods: phrases('frogs, mice, worms, seeds, berries, snails, small fish, beetles, corn, moths'),
    homes: phrases(
      'in tall reeds, in old trees, in thick hedges, on high cliffs, in church towers, under roofs, in the marsh, by the lake',
    ),
    coat: 'feathers',
    young: 'lays eggs in a nest',
  },
  {
    name: 'beast',
    members: words(
      'fox badger hare rabbit deer wolf bear goat sheep cow horse donkey pig dog cat mouse rat otter beaver squirrel mole weasel',
    ),
    foods: phrases('grass, roots, nuts, berries, eggs, mice, leaves, bark, clover, turnips, worms, fish'),
    homes: phrases('in the forest, in a den, in a burrow, in the barn, in the meadow, on the hills, by the stream, under the hedge'),
    coat: 'fur',
    young: 'feeds its young with milk',
  },
  {
    name: 'fish',
    members: words('trout pike carp salmon eel perch cod tench'),
    foods: phrases('flies, worms, snails, water plants, shrimps, small fish'),
    homes: phrases('in deep pools, in clear streams, in the muddy pond, in the wide lake, in the cold sea, among the reeds'),
    coat: 'scales',
    young: 'lays its eggs in water',
  },
  {
    name: 'insect',
    members: words('bee wasp ant beetle moth cricket butterfly hornet fly gnat'),
    foods: phrases('nectar, leaves, crumbs, wood, pollen, fruit, sap'),
    homes: phrases('in a hive, under stones, in the long grass, in hollow trees, in the attic, on the roses'),
    coat: 'a hard shell',
    young: 'has six legs',
  },
] as const;

export const PLANT_CLASSES = [
  {
    name: 'fruit',
    members: words('apple pear plum cherry peach lemon fig grape melon quince apricot mango lime date banana papaya olive'),
  },
  {
    name: 'vegetable',
    members: words('carrot turnip onion leek cabbage potato bean pea beet radish pumpkin tomato cucumber parsnip mushroom'),
  },
  { name: 'nut', members: words('walnut almond chestnut hazelnut acorn peanut pecan coconut') },
] as const;

/** Where plants grow. */
export const GROUNDS = phrases(
  'on tall trees, on low bushes, under the ground, on climbing vines, in wet fields, in sandy soil, in the shade, by the sea, on sunny walls',
);
export const COOKING = phrases('boiled, baked, fried, roasted, dried, pickled, stewed, steamed');
