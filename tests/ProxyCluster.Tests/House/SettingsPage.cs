using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.House;

/// <summary>
/// The tables of <c>docs/settings.md</c>, made from what the program itself goes by: the catalogue that <c>config</c> prints, the
/// initialisers, the attributes in the words of the error line that refuses a value, and the options' doc comments.
/// </summary>
internal sealed partial class SettingsPage
{
    private readonly Dictionary<string, XElement> _docs = XDocument
        .Load(Path.Combine(AppContext.BaseDirectory, "proxycluster.xml")).Descendants("member")
        .Where(static member => member.Element("summary") is not null)
        .ToDictionary(static member => member.Attribute("name")!.Value, static member => member.Element("summary")!);

    private readonly Dictionary<string, string> _keys = [];
    private readonly StringBuilder _text = new();

    /// <summary>The members that no doc comment explains.</summary>
    public List<string> Unexplained { get; } = [];

    /// <summary>Every section as a heading, a sentence and a table.</summary>
    public string Write(OptionsCatalog catalog)
    {
        foreach (var room in catalog.Rooms)
            NameKeys(room.Section, room.Type);
        foreach (var room in catalog.Rooms.OrderBy(static room => room.Section, StringComparer.Ordinal))
            WriteSection("##", room.Section, room.Type, Activator.CreateInstance(room.Type)!);
        return _text.ToString();
    }

    // What doc comments refer to is shown as its key.
    private void NameKeys(string section, Type type)
    {
        foreach (var property in RoomOptions.Properties(type))
        {
            var key = $"{section}:{property.Name}";
            _keys[NameOf(property)] = key;
            if (PartsOrNull(key, property.PropertyType) is (var path, var parts))
                NameKeys(path, parts);
        }
    }

    private void WriteSection(string heading, string section, Type type, object defaults)
    {
        List<(string Path, Type Type, object Defaults)> parts = [];
        _text.Append(CultureInfo.InvariantCulture, $"{heading} {section}\n\n{Explained("T:" + type.FullName!.Replace('+', '.'))}\n\n");
        _text.Append("| key | default | allowed | what it is |\n|---|---|---|---|\n");
        foreach (var property in RoomOptions.Properties(type))
        {
            var key = $"{section}:{property.Name}";
            var value = property.GetValue(defaults);
            if (PartsOrNull(key, property.PropertyType) is (var path, var part))
                parts.Add((path, part, RoomOptions.IsSection(property.PropertyType) && value is not null ? value : Activator.CreateInstance(part)!));
            string[] cells = [$"`{key}`", Code(Default(property, value)), Allowed(property), Explained(NameOf(property))];
            _text.Append("| ").AppendJoin(" | ", cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
        }

        _text.Append('\n');
        foreach (var (path, part, values) in parts)
            WriteSection("###", path, part, values);
    }

    // Sections in a section, and the items of lists and dictionaries that are sections.
    private static (string Path, Type Type)? PartsOrNull(string key, Type type)
    {
        if (RoomOptions.IsSection(type))
            return (key, type);
        if (OptionValue.IsSingle(type))
            return null;
        var item = type.IsArray ? type.GetElementType()! : type.GetGenericArguments()[^1];
        return OptionValue.IsSingle(item) ? null : ($"{key}:{(IsByName(type) ? "NAME" : "0")}", item);
    }

    private static bool IsByName(Type type) => typeof(IDictionary).IsAssignableFrom(type);

    private static string Default(PropertyInfo property, object? value) => value switch
    {
        _ when RoomOptions.IsSection(property.PropertyType) => "",
        Enum name => name.ToString().ToLowerInvariant(),
        IEnumerable many and not string => string.Join(',', many.Cast<object>().Select(static item => OptionValue.Format(item, isSize: false))),
        _ => OptionValue.Format(value, OptionValue.IsSize(property)),
    };

    private static string Allowed(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var limits = property.GetCustomAttributes<ValidationAttribute>().Select(attribute => attribute is RegularExpressionAttribute { ErrorMessage: null } pattern
            ? Code(pattern.Pattern)
            : Refusal().Replace(Mistakes.Refusal(attribute, property), "")).ToList();
        return limits.Count > 0 ? EmptyFirst().Replace(string.Join("; ", limits), "–, ") : type switch
        {
            _ when type == typeof(bool) => "true, false",
            _ when type.IsEnum => string.Join(", ", Enum.GetNames(type)).ToLowerInvariant(),
            _ when type == typeof(Uri) => "a URL",
            _ when RoomOptions.IsSection(type) => "a section, below",
            _ when type == typeof(string) => "text",
            _ when !OptionValue.IsSingle(type) => $"{(IsByName(type) ? "by name" : "a list")}{(PartsOrNull("", type) is null ? "" : " of sections, below")}",
            _ => throw new NotSupportedException($"{property.DeclaringType!.Name}.{property.Name} has no range"),
        };
    }

    private static string Code(string text) => text.Length == 0 ? "–" : $"`{text}`";

    private static string NameOf(PropertyInfo property) => $"P:{property.DeclaringType!.FullName!.Replace('+', '.')}.{property.Name}";

    private string Explained(string name)
    {
        if (!_docs.TryGetValue(name, out var summary))
        {
            Unexplained.Add(name);
            return "";
        }

        var text = string.Concat(summary.Nodes().Select(node => node is XElement element ? Shown(element) : node is XText words ? words.Value : ""));
        return Said().Replace(Space().Replace(text, " ").Trim(), "").Trim();
    }

    private string Shown(XElement element) => element.Attribute("cref")?.Value switch
    {
        null => $"`{element.Value}`",
        ['F', ..] field when Constant(field[2..]) is { } value => value,
        var cref => $"`{_keys.GetValueOrDefault(cref, cref[(cref.LastIndexOf('.') + 1)..])}`",
    };

    private static string? Constant(string name) => typeof(OptionsCatalog).Assembly.GetType(name[..name.LastIndexOf('.')])?
        .GetField(name[(name.LastIndexOf('.') + 1)..])?.GetRawConstantValue()?.ToString();

    [GeneratedRegex("^(is [a-z ]+: )?(use )?")]
    private static partial Regex Refusal();

    [GeneratedRegex("^, ")]
    private static partial Regex EmptyFirst();

    // What the other columns and the heading say already.
    [GeneratedRegex(@"(?<=^|\. )(Default:? (`[^`]*`|none|nobody|not set|true|false|[\d.,]+( (ms|s|min|h|KiB|MiB|GiB))?)|Section `[^`]*`)\.( |$)", RegexOptions.ExplicitCapture)]
    private static partial Regex Said();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
