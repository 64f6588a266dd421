// Everyday activities as chains of steps, each step the natural sequel of the one before; {slots} are filled with things of the world,
// and some with facts about the thing {any} that a reader has to know.

export interface Activity {
  readonly label: string;
  /** What a person does, one after another, without the subject. */
  readonly steps: readonly string[];
}

const TEXT = `
Making jam
washes the {plants} in the {tub} | cuts the {plants} into small pieces | boils the pieces with sugar in the {pot} | pours the hot jam into the {jar} | closes the {jar} with a lid | puts the {jar} on the shelf in the {place}
Planting a garden
digs a row of holes with the {spade} | drops the {plants} into the holes | covers the {plants} with soil | carries water in the {tub} | pours the water over the soil | puts the {spade} back in the {place}
Washing clothes
fills the {tub} with warm water | puts the {garment} into the water | rubs the {garment} with soap | rinses the {garment} until it is clean | hangs the {garment} on a line in the {place} | folds the dry {garment}
Feeding the animals
takes the {tub} from the {place} | fills the {tub} with grain | carries the {tub} to the {farm} | puts the grain down before the {farm} | waits while the {farm} eats | brings the empty {tub} back to the {place}
Wrapping a present
buys the {toy} at the market | lays the {toy} in the {box} | covers the {box} with red paper | ties some {colour} ribbon around the {box} | writes the name of {friend} on a card | gives the {box} to {friend}
Painting furniture
carries the {furniture} into the {place} | cleans the {furniture} with a wet cloth | opens a tin of {colour} paint | paints the {furniture} {colour} from top to bottom | lets the {furniture} dry in the sun | shows the {furniture} to {friend}
Going to bed
closes the windows of the {place} | takes off the {garment} | puts the {garment} on the {furniture} | washes with water from the {tub} | lies down under the {cover} | falls asleep beside the {pet}
Baking a pie
mixes flour and butter in the {tub} | rolls the dough on the {table} | fills the dough with {plants} | puts the pie into the oven | takes the hot pie out of the oven | cuts a slice of the {plant} pie for {friend}
Catching a fish
carries the {net} to the river | climbs into the {boat} | lets the {net} down into the water | pulls a fat {fish} into the {boat} | puts the {fish} into the {tub} | cooks the {fish} for {friend}
Mending a coat
finds a hole in the {garment} | takes a needle out of the {box} | puts some {colour} thread through the needle | closes the hole with {colour} stitches | cuts the end of the thread | puts on the {garment} again
Visiting a friend
puts on the {garment} | walks along the road to {town} | knocks at the door of {friend} | gives {friend} the {plant} cake | drinks tea with {friend} in the {place} | walks home from {town} in the dark
Moving a house
packs the {toy} and the {instrument} into the {box} | lifts the {box} into the {cart} | drives the {cart} to {town} | takes the {box} out of the {cart} | carries the {box} into the {place} | finds a place for the {instrument}
Making music
takes the {instrument} out of the {box} | cleans the {instrument} with a soft cloth | sits down on the {seat} | plays a slow song on the {instrument} | hears {friend} clap loudly | puts the {instrument} back into the {box}
Looking for a lost thing
sees that the {ornament} is gone | looks for it under the {furniture} | asks {friend} for help | goes with {friend} to the {place} | finds the {ornament} behind the {box} | thanks {friend} with a smile
Cleaning a room
opens the door of the {place} | moves the {furniture} to one side | sweeps the floor with the {broom} | gathers the dust in the {box} | empties the {box} outside | pushes the {furniture} back
Building a fire
brings dry wood from the {place} | lays the wood in a ring of stones | lights the wood with a match | hangs the {pot} over the flames | heats the soup in the {pot} | gives a bowl of soup to {friend}
Selling at the market
loads the {cart} with {plants} | drives the {cart} to {town} | lays the {plants} on the {table} | calls out the price of the {plants} | sells the {plants} to {friend} | puts the coins into the {box}
Caring for a sick animal
hears the {pet} cry in the {place} | wraps the {pet} in the {cover} | carries the {pet} to {friend} | holds the {pet} still | thanks {friend} for the medicine | brings the {pet} home in the {box}
Making tea
fetches water in the {tub} | heats the water in the {pot} | pours the hot water over the tea leaves | waits until the tea is dark | puts a slice of {plant} into the tea | carries the tea to {friend} in the {place}
Sailing to the island
pushes the {boat} into the water | throws the {box} into the {boat} | raises the {colour} sail | steers the {boat} past the rocks | ties the {boat} to a post | eats the {plants} on the beach
Learning a trade
goes to the workshop of {friend} | puts on the {garment} | watches {friend} use the {tool} | picks up the {tool} with care | makes the first {toy} | brings the finished {toy} home
Having a picnic
packs the {plants} into the {box} | takes the {cover} under one arm | walks to the meadow with {friend} | spreads the {cover} on the grass | takes the {plants} out of the {box} | shares the {plants} with {friend}
Saving a toy
sees the {flyer} fly into a tree | fetches the {ladder} from the {place} | leans the {ladder} against the tree | climbs up to the {flyer} | pulls the {flyer} out of the branches | gives the {flyer} back to {friend}
Writing a letter
sits down at the {table} | takes a sheet of paper from the {box} | writes about the {pet} | signs the letter with a pen | closes the letter with {colour} wax | sends the letter to {friend} in {town}
Shopping
wants to buy a new {any} | goes to the market on {day} | asks the seller for the {any} | pays {price} coins for the {any} | carries the {any} home | puts the {any} in the {home}
Tidying up
finds the {any} on the floor | rubs the {any} with {cleaner} | takes the {any} back to the {home} | shuts the door of the {home} | tells {friend} that the {any} is clean again | sits down on the {seat}
Repairing
breaks the {any} by mistake | gathers the parts of the {any} | joins the parts with {mender} | waits a day for the {any} | brings the {any} back to the {home} | shows the {any} to {friend}
Going far for a thing
needs a new {any} | asks {friend} where to go | takes the road to {origin} | asks in {origin} for the {any} | pays {price} coins for the {any} | brings the {any} home from {origin}
`;

export const ACTIVITIES: readonly Activity[] = TEXT.trim()
  .split('\n')
  .reduce<Activity[]>((all, line, index, lines) => {
    if (index % 2 === 1) all.push({ label: lines[index - 1]!, steps: line.split('|').map((step) => step.trim()) });
    return all;
  }, []);
