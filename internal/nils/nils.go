// Package nils finds nil in the values that callers pass as interfaces.
package nils

import "reflect"

// Is reports whether value is nil, or an interface that holds a nil: a nil
// pointer in an interface is not == nil, and panics when its methods are called.
// A value of a type that cannot be nil costs no allocation.
func Is[T any](value T) bool {
	if !canBeNil(reflect.TypeFor[T]().Kind()) {
		return false
	}
	v := reflect.ValueOf(value)
	return !v.IsValid() || canBeNil(v.Kind()) && v.IsNil()
}

func canBeNil(kind reflect.Kind) bool {
	switch kind {
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return true
	}
	return false
}
