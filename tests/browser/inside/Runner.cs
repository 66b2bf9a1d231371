using System.Reflection;
using System.Runtime.InteropServices.JavaScript;

namespace Kavalek.Browser.Tests.Inside;

/// <summary>Runs the tests of this assembly, one after the other, and tells how each ended.</summary>
static partial class Runner
{
    /// <summary>Runs every test whose class is called <paramref name="type"/>.</summary>
    [JSExport]
    internal static async Task Run(string type)
    {
        foreach (Type tests in typeof(Runner).Assembly.GetTypes().Where(t => t is { IsPublic: true } && t.Name == type))
            foreach (MethodInfo method in tests.GetMethods().Where(m => m.GetCustomAttribute<FactAttribute>() is not null))
                foreach (object?[] arguments in Arguments(method))
                    await RunAsync(tests, method, arguments);
    }

    static IEnumerable<object?[]> Arguments(MethodInfo method) =>
        method.GetCustomAttributes<InlineDataAttribute>().Select(row => row.Data.ToArray()) is var rows && rows.Any() ? rows : [[]];

    static async Task RunAsync(Type tests, MethodInfo method, object?[] arguments)
    {
        string name = $"{tests.Name}.{method.Name}{(arguments.Length > 0 ? $"({string.Join(", ", arguments)})" : "")}";
        long start = Environment.TickCount64;
        object? instance = method.IsStatic ? null : Activator.CreateInstance(tests);
        string? failure = null;
        try
        {
            object?[] converted = [.. arguments.Zip(method.GetParameters(), (value, parameter) =>
                value is IConvertible && !parameter.ParameterType.IsEnum ? Convert.ChangeType(value, parameter.ParameterType, null) : value)];
            if (method.Invoke(instance, converted) is Task task) await task;
        }
        catch (Exception e)
        {
            failure = (e is TargetInvocationException { InnerException: { } inner } ? inner : e).ToString();
        }
        Ended(name, (int)(Environment.TickCount64 - start), failure);
    }

    [JSImport("ended", "kavalek/tests")]
    private static partial void Ended(string name, int milliseconds, string? failure);
}
