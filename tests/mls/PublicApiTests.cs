using System.Reflection;
using System.Text;

namespace Kavalek.Mls.Tests;

/// <summary>mls/PublicApi.txt says what the library promises: whoever changes that sees it in the diff, and so does who reviews it.</summary>
public static class PublicApiTests
{
    /// <remarks>To write the file anew: <c>KAVALEK_WRITE_API=1 dotnet run --project tests/mls -- -class "*PublicApiTests"</c>.</remarks>
    [Fact]
    public static void The_public_surface_is_the_one_written_down()
    {
        string file = Path.Combine(Repository.Root, "mls", "PublicApi.txt");
        string actual = Surface();
        if (Environment.GetEnvironmentVariable("KAVALEK_WRITE_API") == "1") File.WriteAllText(file, actual);
        Assert.Equal(File.ReadAllText(file), actual);
    }

    static string Surface()
    {
        StringBuilder text = new();
        foreach (Type type in typeof(MlsGroup).Assembly.GetExportedTypes().Where(type => !Name(type).Contains('$', StringComparison.Ordinal)).OrderBy(type => Name(type), StringComparer.Ordinal))
        {
            text.Append(Head(type)).Append('\n');
            foreach (string line in Members(type).Order(StringComparer.Ordinal)) text.Append("    ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    static string Head(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type)) return $"delegate {Signature(type.GetMethod("Invoke")!, Name(type))}";
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        IEnumerable<Type> bases = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum) ? [parent] : [];
        Type[] above = [.. type.GetInterfaces().Where(i => !i.IsGenericType && !type.IsEnum && i.Assembly != typeof(Enum).Assembly || i == typeof(IDisposable))];
        string[] inherited = [.. bases.Concat(above).Select(Name)];
        return $"{kind} {Name(type)}" + (inherited.Length == 0 ? "" : $" : {string.Join(", ", inherited)}");
    }

    static IEnumerable<string> Members(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type)) yield break;
        const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        if (type.IsEnum)
        {
            foreach (FieldInfo value in type.GetFields(BindingFlags.Public | BindingFlags.Static))
                yield return $"{value.Name} = {Convert.ToInt64(value.GetRawConstantValue(), System.Globalization.CultureInfo.InvariantCulture)}";
            yield break;
        }
        foreach (ConstructorInfo constructor in type.GetConstructors(Own)) yield return $"new({Parameters(constructor)})";
        foreach (FieldInfo field in type.GetFields(Own)) yield return $"const {Name(field.FieldType)} {field.Name} = {field.GetRawConstantValue()}";
        foreach (PropertyInfo property in type.GetProperties(Own))
            yield return $"{Static(property.GetMethod!)}{Name(property.PropertyType, property)} {property.Name} {{ {Accessors(property)} }}";
        foreach (MethodInfo method in type.GetMethods(Own).Where(method => !method.IsSpecialName && !IsOfRecords(method)))
            yield return Static(method) + Signature(method, method.Name);
    }

    static string Accessors(PropertyInfo property) => property.SetMethod is not { IsPublic: true } set ? "get;"
        : set.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? "get; init;" : "get; set;";

    /// <summary>What the compiler writes into each record.</summary>
    static bool IsOfRecords(MethodInfo method) =>
        method.Name is "<Clone>$" or "Deconstruct" or "ToString" or "GetHashCode" or "PrintMembers" || (method.Name == "Equals" && method.GetParameters().Length == 1);

    static string Static(MethodInfo method) => method.IsStatic ? "static " : "";

    static string Signature(MethodInfo method, string name) => $"{Name(method.ReturnType, method.ReturnParameter)} {name}({Parameters(method)})";

    static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType, parameter)} {parameter.Name}" + (parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "")));

    static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    static readonly NullabilityInfoContext Nullability = new();

    static string Name(Type type, ParameterInfo parameter) => Name(type) + Mark(type, Nullability.Create(parameter));

    static string Name(Type type, PropertyInfo property) => Name(type) + Mark(type, Nullability.Create(property));

    static string Mark(Type type, NullabilityInfo info) => !type.IsValueType && info.ReadState == NullabilityState.Nullable ? "?" : "";

    static string Name(Type type)
    {
        if (type.IsByRef) return "ref " + Name(type.GetElementType()!);
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Name(underlying) + "?";
        if (type.IsGenericParameter) return type.Name;
        if (Keywords.TryGetValue(type, out string? keyword)) return keyword;
        if (!type.IsGenericType) return type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        return $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
