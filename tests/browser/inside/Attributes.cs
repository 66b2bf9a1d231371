namespace Xunit;

// What marks a test: xunit's own attributes come with a runner that a browser has no place for.

[AttributeUsage(AttributeTargets.Method)]
public class FactAttribute : Attribute;

[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryAttribute : FactAttribute;

[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class InlineDataAttribute(params object[] data) : Attribute
{
    public IReadOnlyList<object> Data => data;
}
