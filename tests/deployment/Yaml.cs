using YamlDotNet.RepresentationModel;

namespace Kavalek.Deployment.Tests;

/// <summary>A YAML file to look around in; what is not there is <c>null</c>.</summary>
static class Yaml
{
    public static YamlNode Read(string name)
    {
        YamlStream stream = new();
        using StringReader text = new(Repository.Read(name));
        stream.Load(text);
        return stream.Documents[0].RootNode;
    }

    /// <summary>What stands under a path of keys.</summary>
    public static YamlNode? At(this YamlNode? node, params string[] path)
    {
        foreach (string key in path) node = node.Members().FirstOrDefault(m => m.Key == key).Value;
        return node;
    }

    /// <summary>The text of a scalar.</summary>
    public static string? Text(this YamlNode? node) => (node as YamlScalarNode)?.Value;

    /// <summary>The members of a mapping, then those of the mappings it takes in (<c>&lt;&lt;</c>) and does not name itself.</summary>
    public static IEnumerable<(string Key, YamlNode Value)> Members(this YamlNode? node)
    {
        if (node is not YamlMappingNode map) return [];
        List<(string Key, YamlNode Value)> own = [.. map.Children.Select(m => (m.Key.Text()!, m.Value))];
        IEnumerable<(string Key, YamlNode Value)> taken = own.Where(m => m.Key == "<<").SelectMany(m => m.Value.Items()).SelectMany(Members);
        return [.. own.Where(m => m.Key != "<<"), .. taken.Where(t => own.All(m => m.Key != t.Key))];
    }

    /// <summary>The items of a list; a scalar is a list of one.</summary>
    public static IEnumerable<YamlNode> Items(this YamlNode? node) => node switch
    {
        YamlSequenceNode list => list.Children,
        null => [],
        _ => [node],
    };

    /// <summary>The texts of a list.</summary>
    public static string[] Texts(this YamlNode? node) => [.. node.Items().Select(item => item.Text() ?? "")];

    /// <summary>Every scalar below a node.</summary>
    public static IEnumerable<string> All(this YamlNode node) => node switch
    {
        YamlScalarNode scalar => [scalar.Value ?? ""],
        YamlSequenceNode list => list.Children.SelectMany(All),
        YamlMappingNode map => map.Children.SelectMany(m => All(m.Key).Concat(All(m.Value))),
        _ => [],
    };
}
