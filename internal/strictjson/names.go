package strictjson

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

// fewNames is how many names are compared faster than hashed.
const fewNames = 16

// distinct reports whether no name is there twice.
func distinct(names []string) bool {
	if len(names) > fewNames {
		return distinctByHash(names)
	}
	var marks uint64 // of the names so far; names with different marks differ
	for i, name := range names {
		mark := uint64(1) << ((len(name) + 5*int(at(name, 0)) + 11*int(at(name, len(name)/2))) % 64)
		if marks&mark != 0 && slices.Contains(names[:i], name) {
			return false
		}
		marks |= mark
	}
	return true
}

// seed makes the hashes random for each process, so that nobody can choose names
// whose hashes meet.
var seed = maphash.MakeSeed()

// distinctByHash puts the numbers of the names, from 1 on, into a table by open
// addressing. Half of its places are free at least.
func distinctByHash(names []string) bool {
	var room [2 * MaxMembers]int32
	table := room[:]
	if len(names) > MaxMembers {
		table = make([]int32, 2<<bits.Len(uint(len(names))))
	}
	for i, name := range names {
		place := maphash.String(seed, name) % uint64(len(table))
		for table[place] != 0 {
			if names[table[place]-1] == name {
				return false
			}
			place = (place + 1) % uint64(len(table))
		}
		table[place] = int32(i + 1)
	}
	return true
}
