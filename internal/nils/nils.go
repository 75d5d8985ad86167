// Package nils finds nil in the values that callers pass as interfaces.
package nils

import "reflect"

// Is reports whether value is nil, or an interface that holds a nil: a nil
// pointer in an interface is not == nil, and panics when its methods are called.
func Is(value any) bool {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Map, reflect.Pointer, reflect.Slice:
		return v.IsNil()
	}
	return false
}
