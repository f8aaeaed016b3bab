using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Configuration;

/// <summary>One room's entry in the list of everything that can be configured.</summary>
/// <param name="Section">The section's name.</param>
/// <param name="Type">The options class; its initialisers are the defaults.</param>
/// <param name="Resolve">Builds the options through the container, so that every validator of the room runs.</param>
internal sealed record RoomOptions(string Section, Type Type, Func<IServiceProvider, object> Resolve)
{
    /// <summary>The entry of <typeparamref name="TOptions"/>.</summary>
    public static RoomOptions Of<TOptions>(string section)
        where TOptions : class =>
        new(section, typeof(TOptions), services => services.GetRequiredService<IOptions<TOptions>>().Value);

    /// <summary>Every key of the section; a list or a dictionary is one key here.</summary>
    public IEnumerable<string> Keys() => Keys(Section, Type);

    /// <summary>The properties that can be set, or that hold something which can be filled.</summary>
    public static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanRead
            && property.GetIndexParameters().Length == 0
            && (property.SetMethod is { IsPublic: true } || Collections.CanBeFilled(property.PropertyType)));

    /// <summary>Whether the type is a section of its own: neither one value nor a list or dictionary.</summary>
    public static bool IsSection(Type type) => !OptionValue.IsSingle(type) && !typeof(IEnumerable).IsAssignableFrom(type);

    private static IEnumerable<string> Keys(string path, Type type) =>
        Properties(type).SelectMany(property => IsSection(property.PropertyType)
            ? Keys($"{path}:{property.Name}", property.PropertyType)
            : [$"{path}:{property.Name}"]);
}
