package main

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/test/published"
)

// names returns a line for every exported name of a package.
func names(pkg *types.Package) []string {
	p := printer{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if object := pkg.Scope().Lookup(name); object.Exported() {
			p.object(object)
		}
	}
	return p.lines
}

type printer struct {
	pkg   *types.Package
	lines []string
}

func (p *printer) line(format string, args ...any) {
	path := strings.TrimPrefix(strings.TrimPrefix(p.pkg.Path(), published.Root), "/")
	if path == "" {
		path = p.pkg.Name()
	}
	p.lines = append(p.lines, "pkg "+path+", "+fmt.Sprintf(format, args...))
}

func (p *printer) object(object types.Object) {
	switch o := object.(type) {
	case *types.Const:
		p.line("const %s %s = %s", o.Name(), p.text(o.Type()), o.Val().ExactString())
	case *types.Var:
		p.line("var %s %s", o.Name(), p.text(o.Type()))
	case *types.Func:
		signature := o.Signature()
		p.line("func %s%s%s", o.Name(), p.parameters(signature.TypeParams()), p.signature(signature))
	case *types.TypeName:
		p.typeName(o)
	}
}

func (p *printer) typeName(o *types.TypeName) {
	if o.IsAlias() {
		p.line("type %s = %s", o.Name(), p.text(types.Unalias(o.Type())))
		return
	}
	named := o.Type().(*types.Named)
	name := o.Name() + p.parameters(named.TypeParams())
	switch t := named.Underlying().(type) {
	case *types.Struct:
		p.structure(name, t)
	case *types.Interface:
		p.interfaceType(name, t)
		return
	default:
		p.line("type %s %s", name, p.text(withoutNames(t)))
	}
	p.methods(named)
}

// structure also says where == is not possible, which is a part of the API, too.
func (p *printer) structure(name string, t *types.Struct) {
	kind := "struct"
	if !types.Comparable(t) {
		kind = "struct, not comparable"
	}
	p.line("type %s %s", name, kind)
	for field := range t.Fields() {
		if !field.Exported() {
			continue
		}
		if field.Embedded() {
			p.line("type %s struct, embedded %s", name, p.text(field.Type()))
			continue
		}
		p.line("type %s struct, %s %s", name, field.Name(), p.text(field.Type()))
	}
}

// interfaceType says on one line whether others can implement the interface at all.
func (p *printer) interfaceType(name string, t *types.Interface) {
	kind := "interface"
	for method := range t.Methods() {
		if !method.Exported() {
			kind = "interface, with unexported methods"
		}
	}
	if !t.IsMethodSet() {
		kind = p.text(t)
	}
	p.line("type %s %s", name, kind)
	for method := range t.Methods() {
		if method.Exported() {
			p.line("type %s interface, %s%s", name, method.Name(), p.signature(method.Signature()))
		}
	}
}

// methods has those of embedded fields, too.
func (p *printer) methods(named *types.Named) {
	values := types.NewMethodSet(named)
	for selection := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		method := selection.Obj()
		if !method.Exported() {
			continue
		}
		receiver := named.Obj().Name() + arguments(named.TypeParams())
		if values.Lookup(p.pkg, method.Name()) == nil {
			receiver = "*" + receiver
		}
		p.line("method (%s) %s%s", receiver, method.Name(), p.signature(selection.Type().(*types.Signature)))
	}
}

// signature returns what a function takes and returns.
func (p *printer) signature(s *types.Signature) string {
	return strings.TrimPrefix(p.text(withoutNames(s)), "func")
}

// withoutNames leaves out the names of parameters and results, which may change at
// any time, from the type of a function and from the functions that it takes.
func withoutNames(t types.Type) types.Type {
	s, ok := t.(*types.Signature)
	if !ok {
		return t
	}
	return types.NewSignatureType(nil, nil, nil, unnamed(s.Params()), unnamed(s.Results()), s.Variadic())
}

func unnamed(tuple *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range tuple.Variables() {
		vars = append(vars, types.NewParam(v.Pos(), v.Pkg(), "", withoutNames(v.Type())))
	}
	return types.NewTuple(vars...)
}

// parameters returns a list of type parameters, such as [U any].
func (p *printer) parameters(list *types.TypeParamList) string {
	var texts []string
	for t := range list.TypeParams() {
		texts = append(texts, t.Obj().Name()+" "+p.text(t.Constraint()))
	}
	if len(texts) == 0 {
		return ""
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// arguments returns their names alone, such as [U].
func arguments(list *types.TypeParamList) string {
	var names []string
	for t := range list.TypeParams() {
		names = append(names, t.Obj().Name())
	}
	if len(names) == 0 {
		return ""
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// text writes a type with the names of other packages before their types.
func (p *printer) text(t types.Type) string {
	return types.TypeString(t, func(other *types.Package) string {
		if other == p.pkg {
			return ""
		}
		return other.Name()
	})
}
